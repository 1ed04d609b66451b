// Pointer and wheel over the scene: hover and click find pages, dragging turns the view, the wheel moves closer.
export interface PointerHits {
  /** Coordinates are CSS pixels from the corner of the scene. */
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  turn(dx: number, dy: number): void;
  zoom(factor: number): void;
}

/** Further than this, a press is a drag. */
const CLICK_PIXELS = 4;

export function watchPointer(into: HTMLElement, ribbon: HTMLElement, hits: PointerHits): void {
  let pressed: { x: number; y: number; dragged: boolean; turns: boolean } | null = null;
  const at = (event: PointerEvent): [number, number] => {
    const box = into.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  into.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !(event.target instanceof HTMLCanvasElement)) return;
    pressed = { x: event.clientX, y: event.clientY, dragged: false, turns: event.target !== ribbon };
  });
  into.addEventListener('pointermove', (event) => {
    if (pressed === null) return hits.hover(...at(event));
    const [dx, dy] = [event.clientX - pressed.x, event.clientY - pressed.y];
    if (!pressed.dragged && Math.hypot(dx, dy) < CLICK_PIXELS) return;
    Object.assign(pressed, { x: event.clientX, y: event.clientY, dragged: true });
    if (pressed.turns) hits.turn(dx, dy);
  });
  into.addEventListener('pointerup', (event) => {
    if (pressed !== null && !pressed.dragged) hits.click(...at(event));
    pressed = null;
  });
  into.addEventListener('pointerleave', () => {
    pressed = null;
    hits.leave();
  });
  into.addEventListener(
    'wheel',
    (event) => {
      if (!(event.target instanceof HTMLCanvasElement) || event.target === ribbon) return;
      event.preventDefault();
      hits.zoom(Math.exp(event.deltaY * 0.001));
    },
    { passive: false },
  );
}
