// Text of figures: three significant digits, a unit always, thin groups of digits, addresses in hexadecimal.
export interface Scale {
  readonly by: number;
  readonly unit: string;
}

const BYTE_RATES: readonly Scale[] = [
  { by: 1e9, unit: 'GB/s' },
  { by: 1e6, unit: 'MB/s' },
  { by: 1e3, unit: 'kB/s' },
  { by: 1, unit: 'B/s' },
];
const BYTES: readonly Scale[] = [
  { by: 1024 ** 3, unit: 'GiB' },
  { by: 1024 ** 2, unit: 'MiB' },
  { by: 1024, unit: 'KiB' },
  { by: 1, unit: 'B' },
];
const COUNTS: readonly Scale[] = [
  { by: 1e6, unit: 'M' },
  { by: 1e3, unit: 'k' },
  { by: 1, unit: '' },
];
const TIMES: readonly Scale[] = [
  { by: 1e6, unit: 's' },
  { by: 1e3, unit: 'ms' },
  { by: 1, unit: 'µs' },
];

/** The scale in which `value` has at least one digit before the point. Rates of bytes are decimal: 1 GB/s is 10⁹ bytes. */
export function byteRateScale(value: number): Scale {
  return scaleOf(BYTE_RATES.slice(0, 2), value);
}

export function byteRate(bytesPerSecond: number): string {
  return scaled(BYTE_RATES, bytesPerSecond);
}

/** Sizes are binary, as the scenario writes them. */
export function bytes(value: number): string {
  return scaled(BYTES, value);
}

/** As `digits`, without zeros behind the point: for axes, where nothing claims precision. */
export function trimmed(value: number): string {
  const text = digits(value);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** '10 k', '5.5 k', '120'. */
export function trimmedCount(value: number): string {
  const { by, unit } = scaleOf(COUNTS, value);
  return `${trimmed(value / by)} ${unit}`.trim();
}

export function microseconds(value: number): string {
  return value === 0 ? '0 µs' : scaled(TIMES, value);
}

/** '12 345': groups of three with a narrow space. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** The address of a page: '0x7f00_0012_3000'. */
export function address(vpn: number): string {
  const text = `${vpn.toString(16).padStart(9, '0')}000`;
  return `0x${text.replace(/\B(?=([0-9a-f]{4})+$)/g, '_')}`;
}

/** Three significant digits without exponents. */
export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return '0';
  const places = 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(6, Math.max(0, places)));
}

/** Page number of what people type: an address with or without 0x and separators; null when it is none. */
export function parseAddress(text: string): number | null {
  const hex = text.trim().toLowerCase().replace(/^0x/, '').replaceAll('_', '');
  if (!/^[0-9a-f]{1,15}$/.test(hex)) return null;
  return Math.floor(Number.parseInt(hex, 16) / 4096);
}

function scaleOf(scales: readonly Scale[], value: number): Scale {
  const fits = scales.find(({ by }) => Math.abs(value) >= by);
  return fits ?? (scales.at(-1) as Scale);
}

function scaled(scales: readonly Scale[], value: number): string {
  const { by, unit } = scaleOf(scales, value);
  return unit === '' ? digits(value / by) : `${digits(value / by)} ${unit}`;
}
