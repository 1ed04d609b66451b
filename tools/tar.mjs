// Reads a tar archive that is in memory: regular files only, never one whose path leaves the folder it is unpacked to.

/** @typedef {{ path: string, mode: number, body: Buffer }} TarFile */

const BLOCK = 512;

/** The regular files of a ustar archive, in its order. Throws on a cut archive and on a path that escapes.
 * @param {Buffer} archive @returns {TarFile[]} */
export function readTar(archive) {
  const files = [];
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) break;
    const size = octal(header, 124, 12);
    const body = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (body.length < size) throw new Error(`tar: ${entryPath(header)} is cut short`);
    if (isRegular(header)) files.push({ path: safePath(entryPath(header)), mode: octal(header, 100, 8), body });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}

/** @param {Buffer} header */
function isRegular(header) {
  return header[156] === 0x30 || header[156] === 0;
}

/** @param {Buffer} header */
function entryPath(header) {
  const prefix = text(header, 345, 155);
  return prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`;
}

/** @param {string} path */
function safePath(path) {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const escapes = path.startsWith('/') || path.includes('\\') || parts.includes('..');
  if (escapes || parts.length === 0) throw new Error(`tar: the path "${path}" leaves the folder`);
  return parts.join('/');
}

/** @param {Buffer} header @param {number} at @param {number} length */
function octal(header, at, length) {
  const value = Number.parseInt(text(header, at, length).trim() || '0', 8);
  if (!Number.isSafeInteger(value)) throw new Error(`tar: a number at byte ${at} of a header is not octal`);
  return value;
}

/** @param {Buffer} header @param {number} at @param {number} length */
function text(header, at, length) {
  const field = header.toString('utf8', at, at + length);
  const end = field.indexOf('\0');
  return end < 0 ? field : field.slice(0, end);
}
