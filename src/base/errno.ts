// The kernel's error names: what a model function returns instead of throwing.

const ERRNO_NUMBERS = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  E2BIG: 7,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  ENODATA: 61,
  ETIME: 62,
  ENOLINK: 67,
  EPROTO: 71,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  EALREADY: 114,
  ECANCELED: 125,
} as const;

export type Errno = keyof typeof ERRNO_NUMBERS;

/** Result of an operation that yields no value: 0 is success, as in the kernel. */
export type Status = 0 | Errno;

/** Positive errno number as the kernel defines it (asm-generic/errno.h). */
export function errnoNumber(name: Errno): number {
  return ERRNO_NUMBERS[name];
}

/** True when `value`, the result of a function that returns an object or an error, is the error. */
export function isErrno(value: unknown): value is Errno {
  return typeof value === 'string' && value in ERRNO_NUMBERS;
}
