#!/bin/sh
# Starts the runner that this file is part of: from any folder, through symbolic links, with an empty environment.
set -eu

self=$0
while [ -L "$self" ]; do
  link=$(readlink -- "$self")
  case $link in
    /*) self=$link ;;
    *) self=$(dirname -- "$self")/$link ;;
  esac
done
here=$(CDPATH='' cd -P -- "$(dirname -- "$self")" && pwd -P)

machine="$(uname -s) $(uname -m)"
if [ "$machine" != 'Linux x86_64' ]; then
  echo "pageferry: this machine is \"$machine\", allowed: Linux x86_64" >&2
  exit 4
fi
exec "$here/node" "$here/lib/packed.mjs" "$@"
