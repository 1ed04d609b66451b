// One line chart over the last minute (uPlot), with marks where a live field changed.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Mark } from '../state/history.ts';
import type { ChartSpec } from './chart-specs.ts';

/** Seconds that a chart shows. */
export const WINDOW_SECONDS = 60;

export class LineChart {
  readonly #plot: uPlot;
  readonly #into: HTMLElement;
  #marks: readonly Mark[] = [];

  constructor(into: HTMLElement, spec: ChartSpec) {
    this.#into = into;
    const options = { ...optionsOf(spec), ...sizeOf(into), hooks: { draw: [(plot: uPlot) => this.#drawMarks(plot)] } };
    this.#plot = paintedByCpu(() => new uPlot(options, [[], ...spec.series.map(() => [])] as uPlot.AlignedData, into));
    new ResizeObserver(() => this.#plot.setSize(sizeOf(into))).observe(into);
  }

  show(columns: readonly number[][], marks: readonly Mark[]): void {
    this.#marks = marks;
    if (this.#into.hidden) return;
    this.#plot.setData(columns as uPlot.AlignedData);
  }

  /** Colours are read from the page anew. */
  recolour(): void {
    this.#plot.redraw(false, true);
  }

  #drawMarks(plot: uPlot): void {
    const { ctx } = plot;
    const { left, top, width, height } = plot.bbox;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour('text');
    ctx.font = `${10 * ratio}px ${fontFamily()}`;
    ctx.setLineDash([2 * ratio, 2 * ratio]);
    for (const { at, label } of this.#marks) {
      const x = plot.valToPos(at, 'x', true);
      if (x < left || x > left + width) continue;
      ctx.beginPath();
      ctx.moveTo(x, top);
      ctx.lineTo(x, top + height);
      ctx.stroke();
      const short = shortMark(label);
      const after = x + 4 * ratio + ctx.measureText(short).width < left + width;
      ctx.textAlign = after ? 'left' : 'right';
      ctx.fillText(short, x + (after ? 3 : -3) * ratio, top + 9 * ratio);
    }
    ctx.restore();
  }
}

/**
 * uPlot asks for its canvas itself and has no option for this: charts this small cost a software GPU ten times what
 * they cost the CPU, and that GPU is the one being measured.
 */
function paintedByCpu(make: () => uPlot): uPlot {
  const prototype = HTMLCanvasElement.prototype as {
    getContext: (this: HTMLCanvasElement, kind: string, options?: unknown) => unknown;
  };
  const original = prototype.getContext;
  prototype.getContext = function (kind) {
    return original.call(this, kind, { willReadFrequently: true });
  };
  try {
    return make();
  } finally {
    prototype.getContext = original;
  }
}

function optionsOf(spec: ChartSpec): Omit<uPlot.Options, 'width' | 'height'> {
  const quiet = (): string => colour('quiet');
  const font = `10px ${fontFamily()}`;
  const axis = { stroke: quiet, font, ticks: { show: false }, grid: { stroke: () => colour('line'), width: 1 } };
  return {
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 5 } },
    padding: [6, 14, 0, 0],
    scales: {
      x: {
        time: false,
        range: (_plot, _min, max) => [Math.max(0, (max ?? 0) - WINDOW_SECONDS), Math.max(10, max ?? 0)],
      },
      y: { range: (_plot, _min, max) => [0, spec.top ?? roundTop(max ?? 0)] },
    },
    axes: [
      {
        ...axis,
        size: 18,
        gap: 2,
        space: 60,
        grid: { show: false },
        values: (_plot, ticks) => ticks.map((at) => `${at} s`),
      },
      { ...axis, size: 34, gap: 4, space: 26, values: (_plot, ticks) => ticks.map((tick) => spec.text(tick)) },
    ],
    series: [
      {},
      ...spec.series.map((series) => ({
        stroke: () => colour(series.colour),
        width: 1.5,
        points: { show: false },
        ...(series.dash === undefined ? {} : { dash: [...series.dash] }),
        ...(series.fill === true ? { fill: () => `${colour(series.colour)}2e` } : {}),
      })),
    ],
  };
}

/** A mark's label as far as a small chart has room for it; the table has all of it. */
export function shortMark(label: string): string {
  const words = label.split(' ');
  return label.length <= 16 || words.length < 3 ? label : `${words[0]} … ${words.at(-1)}`;
}

/** The smallest 1, 2 or 5 times a power of ten that is not below `value`. */
export function roundTop(value: number): number {
  if (!(value > 0)) return 1;
  const base = 10 ** Math.floor(Math.log10(value));
  return base * (([1, 2, 5, 10] as const).find((step) => base * step >= value) ?? 10);
}

function sizeOf(into: HTMLElement): { width: number; height: number } {
  return { width: Math.max(80, into.clientWidth), height: Math.max(48, into.clientHeight) };
}

/** A colour of the page's palette, as it is in the theme of the moment. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}-line`).trim() || plain(name);
}

function plain(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function fontFamily(): string {
  return getComputedStyle(document.body).fontFamily;
}
