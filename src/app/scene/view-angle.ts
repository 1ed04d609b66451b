// The modest camera: a few turns around the decks within limits, never below the ground or behind the picture.
const START = { turn: 0, tilt: 0.94, zoom: 1 } as const;
const LIMITS = { turn: 0.6, tiltLow: 0.45, tiltHigh: 1.5, zoomIn: 0.35, zoomOut: 1.6 } as const;
const RADIANS_PER_PIXEL = 0.006;

export interface ViewAngle {
  /** Around the upright axis, 0 is from the front. */
  turn: number;
  /** Above the ground, π/2 is from above. */
  tilt: number;
  /** Factor on the fitted distance. */
  zoom: number;
}

export function startView(): ViewAngle {
  return { ...START };
}

export function turned(view: ViewAngle, dx: number, dy: number): ViewAngle {
  const turn = clamp(view.turn - dx * RADIANS_PER_PIXEL, -LIMITS.turn, LIMITS.turn);
  return { ...view, turn, tilt: clamp(view.tilt + dy * RADIANS_PER_PIXEL, LIMITS.tiltLow, LIMITS.tiltHigh) };
}

export function zoomed(view: ViewAngle, factor: number): ViewAngle {
  return { ...view, zoom: clamp(view.zoom * factor, LIMITS.zoomIn, LIMITS.zoomOut) };
}

/** Distance from which a ground rectangle fits a picture of this aspect (width over height), seen at this tilt. */
export function fittingDistance(width: number, depth: number, aspect: number, fov: number, tilt: number): number {
  const half = Math.tan(fov / 2);
  const across = width / 2 / (half * aspect);
  const upright = ((depth / 2) * Math.sin(tilt)) / half;
  // The near edge of the ground is closer than its middle, and looks larger.
  const nearer = (depth / 2) * Math.cos(tilt);
  return Math.max(across, upright) + nearer;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
