// The median with a 95 % interval by ranks, which holds whatever the values' shape: that of the sign test.

const TWO_SIDED = 0.05;
/** From here on the binomial distribution is as good as normal, and the powers of one half vanish. */
const MANY = 500;
/** Half the 97.5 % point of the normal distribution. */
const HALF_Z = 0.98;

export interface MedianInterval {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** Of at least one value. Below six no such interval exists, and it is their range. */
export function medianInterval(values: readonly number[]): MedianInterval {
  const sorted = [...values].sort((a, b) => a - b);
  const skipped = ranksSkipped(sorted.length);
  const at = (i: number): number => sorted[i] as number;
  const middle = (sorted.length - 1) / 2;
  return {
    low: at(skipped),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    high: at(sorted.length - 1 - skipped),
  };
}

/** How many of `n` sorted values an interval may leave out on either side. */
function ranksSkipped(n: number): number {
  if (n >= MANY) return Math.floor(n / 2 - HALF_Z * Math.sqrt(n) - 0.5);
  let term = 0.5 ** n;
  let below = term;
  let skipped = 0;
  for (let k = 1; k < n / 2; k++) {
    term *= (n - k + 1) / k;
    below += term;
    if (2 * below > TWO_SIDED) break;
    skipped = k;
  }
  return skipped;
}
