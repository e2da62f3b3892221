// The functions that the table's rules use, with the results of IEEE 754 and Python.
// They never throw: outside its domain a function returns nan, at a pole an infinity.

const total = (terms) => terms.reduce((sum, term) => sum + term, 0);

/** exp(-x * x) without the rounding error of the square: x is split in two, and the larger part is exact. */
function gaussian(x) {
  const large = Math.fround(x);
  return Math.exp(-large * large) * Math.exp(-(x - large) * (x + large));
}

/** Error function near 0: a series of positive terms (DLMF 7.6.2). */
function erfSeries(x) {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * gaussian(x) * sum;
}

/** Complementary error function for x >= 1: a continued fraction from its end (DLMF 7.9.1). */
function erfcFraction(x) {
  let tail = 0;
  for (let n = Math.ceil(24 + 160 / (x * x)); n > 0; n -= 1) tail = (n / 2) / (x + tail);
  return gaussian(x) / Math.sqrt(Math.PI) / (x + tail);
}

function erfc(x) {
  if (Number.isNaN(x)) return x;
  if (x < 0.5) return 1 - erf(x);
  return x > 27.3 ? 0 : x < 1 ? 1 - erfSeries(x) : erfcFraction(x);
}

function erf(x) {
  if (Number.isNaN(x) || x === 0) return x;
  if (Math.abs(x) < 1.5) return erfSeries(x);
  return x > 6 ? 1 : x < -6 ? -1 : x > 0 ? 1 - erfcFraction(x) : erfcFraction(-x) - 1;
}

/** Power: unlike Math.pow, 1 to any power is 1, and so is -1 to an infinite one. */
function pow(x, y) {
  return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : Math.pow(x, y);
}

/** Remainder with the sign of y, like Python's `%`. */
function remainder(x, y) {
  const rest = x % y;
  if (rest === 0) return y < 0 || Object.is(y, -0) ? -0 : y === 0 ? NaN : 0;
  return rest < 0 === y < 0 ? rest : rest + y;
}

/** log(sum(exp(x))), shifted by the largest, whose own term is the 1 of log1p. */
function logsumexp(xs) {
  const top = xs.reduce((a, b) => (a > b ? a : b), -Infinity);
  if (xs.some(Number.isNaN)) return NaN;
  if (!Number.isFinite(top)) return top;
  const at = xs.indexOf(top);
  return top + Math.log1p(total(xs.map((x, k) => (k === at ? 0 : Math.exp(x - top)))));
}

/** Return, for each element, the products of those before it and of those after it. */
function productsAround(xs) {
  const after = new Array(xs.length).fill(1);
  for (let k = xs.length - 2; k >= 0; k -= 1) after[k] = xs[k + 1] * after[k + 1];
  let before = 1;
  return xs.map((x, k) => {
    const pair = [before, after[k]];
    before *= x;
    return pair;
  });
}

/** The functions that autograd/ops/primitives.py uses besides those of `Math`. */
export const own = {
  erf,
  erfc,
  pow,
  remainder,
  total,
  logsumexp,
  products_around: productsAround,
};
