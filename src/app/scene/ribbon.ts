// Draws the address space: areas with addresses, notifiers as brackets, ranges as outlines by their state, pages as a band.
import { PAGE_STATE, type Snapshot, type VmaView } from '../../lab/session/protocol.ts';
import { STATE_COLOURS, type Palette } from './palette.ts';
import { layoutRibbon, pageAtX, xOfPage, type RibbonArea } from './ribbon-layout.ts';

const MARGIN = 16;
const TEXT_Y = 11;
const NOTIFIER_Y = 18;
const RANGE_Y = 25;
const RANGE_H = 15;
const BAND_Y = 44;
const BAND_H = 14;

export const RIBBON_HEIGHT = 66;

export class Ribbon {
  readonly canvas = document.createElement('canvas');
  readonly #context: CanvasRenderingContext2D;
  #areas: readonly RibbonArea[] = [];
  #width = 1;

  constructor() {
    // Many thin rectangles: the CPU paints them faster than a GPU process, by far where that is software too.
    const context = this.canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('this browser draws on no canvas');
    this.#context = context;
    this.canvas.className = 'ribbon';
    this.canvas.setAttribute('role', 'img');
  }

  resize(width: number): void {
    this.#width = Math.max(1, width);
    this.canvas.width = this.#width * devicePixelRatio;
    this.canvas.height = RIBBON_HEIGHT * devicePixelRatio;
  }

  draw(snapshot: Snapshot, vmas: readonly VmaView[], palette: Palette, selected: number | null): void {
    this.#areas = layoutRibbon(vmas, this.#width - 2 * MARGIN);
    const context = this.#context;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#width, RIBBON_HEIGHT);
    context.translate(MARGIN, 0);
    for (const area of this.#areas) this.#area(area, snapshot, palette);
    this.#notifiers(snapshot.notifiers, palette);
    this.#ranges(snapshot.ranges, palette);
    if (selected !== null) this.#select(selected, palette);
    this.canvas.setAttribute('aria-label', describe(snapshot, vmas));
  }

  /** The page under a distance from the left of the canvas. */
  pageAt(x: number): number | null {
    return pageAtX(this.#areas, x - MARGIN);
  }

  #area({ vma, left, width }: RibbonArea, snapshot: Snapshot, palette: Palette): void {
    const context = this.#context;
    context.font = '11px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
    context.textAlign = 'left';
    if (width > 160) {
      context.fillStyle = palette.quiet;
      context.fillText(addressText(vma.startVpn), left, TEXT_Y);
      const end = addressText(vma.startVpn + vma.pages);
      const endWidth = context.measureText(end).width;
      if (width > 360) context.fillText(end, left + width - endWidth, TEXT_Y);
      context.fillStyle = palette.text;
      context.fillText(vma.name, left + context.measureText(addressText(vma.startVpn)).width + 12, TEXT_Y);
    }
    this.#band(vma, left, width, snapshot, palette);
  }

  /** One column a pixel: the shares of pages in VRAM, in flight and at home, stacked. */
  #band(vma: VmaView, left: number, width: number, snapshot: Snapshot, palette: Palette): void {
    const context = this.#context;
    context.fillStyle = palette.plate;
    context.fillRect(left, BAND_Y, width, BAND_H);
    const columns = Math.max(1, Math.round(width));
    for (let column = 0; column < columns; column++) {
      const first = vma.firstPage + Math.floor((column * vma.pages) / columns);
      const end = Math.max(first + 1, vma.firstPage + Math.floor(((column + 1) * vma.pages) / columns));
      this.#column(left + column, first, end, snapshot.pageState);
    }
  }

  #column(x: number, first: number, end: number, states: Uint8Array): void {
    counts.fill(0);
    for (let page = first; page < end; page++)
      counts[states[page] as number] = (counts[states[page] as number] as number) + 1;
    let y = BAND_Y;
    for (const [state, colour] of BAND_COLOURS) {
      const height = (BAND_H * (counts[state] as number)) / (end - first);
      if (height === 0) continue;
      this.#context.fillStyle = colour;
      this.#context.fillRect(x, y, 1, height);
      y += height;
    }
  }

  #notifiers(notifiers: Uint32Array, palette: Palette): void {
    const context = this.#context;
    context.strokeStyle = palette.quiet;
    context.setLineDash([]);
    context.lineWidth = 1;
    context.beginPath();
    for (let i = 0; i + 1 < notifiers.length; i += 2) {
      const [x, end] = this.#extent(notifiers[i] as number, notifiers[i + 1] as number);
      context.moveTo(x, NOTIFIER_Y + 4.5);
      context.lineTo(x, NOTIFIER_Y + 0.5);
      context.lineTo(end, NOTIFIER_Y + 0.5);
      context.lineTo(end, NOTIFIER_Y + 4.5);
    }
    context.stroke();
  }

  /** Bound: solid line. Not bound: thin. In VRAM: orange tint. Invalidated: dashed. */
  #ranges(ranges: Uint32Array, palette: Palette): void {
    const context = this.#context;
    for (let i = 0; i + 2 < ranges.length; i += 3) {
      const [x, end] = this.#extent(ranges[i] as number, ranges[i + 1] as number);
      const flags = ranges[i + 2] as number;
      const inVram = (flags & 2) !== 0;
      const colour = inVram ? STATE_COLOURS.vram : STATE_COLOURS.system;
      const width = Math.max(1, end - x - 1);
      context.globalAlpha = flags & 1 ? 0.3 : 0.1;
      context.fillStyle = colour;
      context.fillRect(x, RANGE_Y, width, RANGE_H);
      context.globalAlpha = flags & 1 ? 1 : 0.5;
      context.strokeStyle = flags & 4 ? palette.quiet : colour;
      context.setLineDash(flags & 4 ? [3, 2] : []);
      if (width > 2) context.strokeRect(x + 0.5, RANGE_Y + 0.5, width - 1, RANGE_H - 1);
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  #select(page: number, palette: Palette): void {
    const x = Math.round(xOfPage(this.#areas, page)) + 0.5;
    this.#context.strokeStyle = palette.text;
    this.#context.beginPath();
    this.#context.moveTo(x, NOTIFIER_Y - 2);
    this.#context.lineTo(x, BAND_Y + BAND_H + 4);
    this.#context.stroke();
  }

  #extent(firstPage: number, pages: number): [number, number] {
    const start = Math.round(xOfPage(this.#areas, firstPage)) + 0.5;
    // The end belongs to the area of the last page, not to the one behind a break.
    return [start, Math.max(start + 1, Math.round(xOfPage(this.#areas, firstPage + pages - 1e-6)) - 0.5)];
  }
}

const counts = new Uint32Array(8);

const BAND_COLOURS: readonly (readonly [number, string])[] = [
  [PAGE_STATE.faulting, STATE_COLOURS.faulting],
  [PAGE_STATE.toVram, STATE_COLOURS.toVram],
  [PAGE_STATE.toRam, STATE_COLOURS.toRam],
  [PAGE_STATE.vram, STATE_COLOURS.vram],
  [PAGE_STATE.pinned, STATE_COLOURS.vram],
  [PAGE_STATE.system, STATE_COLOURS.system],
];

function addressText(vpn: number): string {
  return `0x${vpn.toString(16)}000`;
}

function describe(snapshot: Snapshot, vmas: readonly VmaView[]): string {
  const { residentPages, totalPages } = snapshot.rates;
  return `Address space: ${vmas.length} areas, ${snapshot.notifiers.length / 2} notifiers, ${snapshot.ranges.length / 3} ranges; ${residentPages} of ${totalPages} pages in VRAM`;
}
