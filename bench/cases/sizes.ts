// The chunk sizes of the driver's ladder, by the names that case ids use.
export const CHUNKS = [
  { name: '4K', pages: 1 },
  { name: '64K', pages: 16 },
  { name: '2M', pages: 512 },
] as const;

export const DIRECTIONS = [
  { name: 'up', to: 'system memory to VRAM' },
  { name: 'down', to: 'VRAM to system memory' },
] as const;

/** What a byte is in every copy figure. */
export const PAYLOAD =
  'payload bytes moved a second; each is read once and written once, so memory traffic is twice that';
