// What any picture of the decks can do; three.js draws one, a plain canvas stands in where three cannot start.
import type { Palette } from './palette.ts';
import type { SceneModel } from './scene-model.ts';

export interface GroundPoint {
  readonly x: number;
  readonly z: number;
}

export interface Picture {
  readonly canvas: HTMLCanvasElement;
  /** 'WebGPU', 'WebGL2' or 'canvas', for the curious. */
  readonly kind: string;
  /** Tiles, flights or streams changed; `launched` are places of the flight pool. */
  show(model: SceneModel, launched: readonly number[], nowMs: number): void;
  recolour(palette: Palette, model: SceneModel): void;
  /** CSS pixels. */
  resize(width: number, height: number): void;
  /** Draws now. Resolves when the machine is ready for another frame. */
  draw(model: SceneModel, nowMs: number): Promise<void>;
  /** Point of the ground under a point of the canvas, in CSS pixels. */
  groundAt(x: number, y: number): GroundPoint | null;
  /** Marks a page on both decks; null marks nothing. */
  select(spots: readonly GroundPoint[], tile: { width: number; depth: number }): void;
  /** Turns the view by pixels of dragging, and moves closer or away by a factor. */
  turn(dx: number, dy: number): void;
  zoom(factor: number): void;
  resetView(): void;
  dispose(): void;
}

/** A picture that went away, with the reason. */
export type LossListener = (message: string) => void;
