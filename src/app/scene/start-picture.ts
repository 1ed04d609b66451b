// Chooses the picture: three.js, loaded only now, on WebGPU or WebGL2; a plain canvas where it cannot start.
import { CanvasPicture } from './canvas-picture.ts';
import type { Palette } from './palette.ts';
import type { LossListener, Picture } from './picture.ts';

export async function startPicture(
  palette: Palette,
  flights: number,
  software: boolean,
  plain: boolean,
  lost: LossListener,
): Promise<Picture> {
  if (plain) return new CanvasPicture(palette);
  try {
    const { ThreePicture } = await import('./three-picture.ts');
    return await ThreePicture.start(palette, flights, software, lost);
  } catch (error) {
    console.warn('pageferry: the 3-D picture could not start, a plain one takes its place:', error);
    return new CanvasPicture(palette);
  }
}

/** True when a CPU would draw: then the picture is kept small. Nothing is known without WebGPU: WebGL2 is taken for slow. */
export async function drawsInSoftware(): Promise<boolean> {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  if (adapter === null || adapter === undefined) return true;
  const { architecture, description, isFallbackAdapter } = adapter.info;
  return isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|warp|basic render/i.test(`${architecture} ${description}`);
}
