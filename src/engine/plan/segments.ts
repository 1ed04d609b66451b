// Spaces larger than one buffer are split into segments of equal size; page tables lie in the first segment of their space.
import type { SpaceId } from './commands.ts';
import type { ExecutorConfig } from './executor.ts';

/** 1 GiB: what one binding holds on nearly every adapter (reference/webgpu.md §1.8). */
export const DEFAULT_SEGMENT_PAGES = 2 ** 18;

/** More segments than this no space has: an executor names each by a byte. */
export const MAX_SEGMENTS = 256;

/** Pages of every segment but, perhaps, a space's last. */
export function segmentPages(config: ExecutorConfig): number {
  return config.segmentPages ?? DEFAULT_SEGMENT_PAGES;
}

/** Segments of a space; none of a space that the configuration leaves out. */
export function segmentCount(config: ExecutorConfig, space: SpaceId): number {
  return Math.ceil((config.spaces[space]?.pages ?? 0) / segmentPages(config));
}

/** Pages of segment `index` of a space. */
export function pagesOfSegment(config: ExecutorConfig, space: SpaceId, index: number): number {
  const pages = (config.spaces[space]?.pages ?? 0) - index * segmentPages(config);
  return Math.max(0, Math.min(segmentPages(config), pages));
}

/** Frames of a space among which its page tables lie. */
export function tableFrames(config: ExecutorConfig, space: SpaceId): number {
  return pagesOfSegment(config, space, 0);
}
