/**
 * The normal distribution in double precision, for reference kernels. The error function is accurate to
 * 1e-15: its series without cancelling terms (Abramowitz and Stegun 7.1.6) near 0, the continued fraction of its
 * complement (7.1.14) farther out.
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 6) return Math.sign(x);
  return magnitude > 2.5 ? Math.sign(x) * (1 - complement(magnitude)) : series(x);
}

function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function complement(x: number): number {
  let fraction = x;
  for (let n = 60; n >= 1; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/** Φ(x), the normal distribution. */
export function normalCumulative(x: number): number {
  return 0.5 * (1 + erf(x / Math.SQRT2));
}

/** x·Φ(x); 0 for -∞. */
export function geluOf(x: number): number {
  return Math.max(x, -Number.MAX_VALUE) * normalCumulative(x);
}

/** The derivative of gelu(x) = x·Φ(x). */
export function geluDerivative(x: number): number {
  return normalCumulative(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
