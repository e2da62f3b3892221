// Format numbers as the library does: four decimals, few digits on an edge, a minus sign U+2212.

/** Return digits of |x| by toFixed or toExponential, with ties rounded to even as in Python. */
function rounded(x, method, digits) {
  const text = Math.abs(x)[method](digits);
  const [mantissa, exponent] = text.split("e");
  const exact = Math.abs(x)[method](digits + 30).split("e")[0];
  const tie = /^50*$/.test(exact.slice(-30));
  if (!tie || Number(mantissa.slice(-1)) % 2 === 0) return text;
  return exact.slice(0, -30) + (exponent ? `e${exponent}` : "");
}

/** Pad an exponent to two digits: 1.2e-5 becomes 1.2e-05. */
const wide = (text) => text.replace(/e([+-])(\d)$/, "e$10$2");

const sizeText = (x) => (Number.isNaN(x) ? "nan" : "inf");

const signed = (x, text, plus) => (x < 0 || Object.is(x, -0) ? `−${text}` : plus ? `+${text}` : text);

/**
 * Format a number with four decimals, or in scientific notation if those would hide the digits.
 * @param {number} x
 * @param {boolean} [plus] whether a positive number has a sign
 */
export function fixed(x, plus = false) {
  if (x === 0) return "0.0000";
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return signed(x, sizeText(x), plus);
  if (size < 0.001) return signed(x, wide(rounded(x, "toExponential", 1)), plus);
  if (size >= 100000) return signed(x, wide(rounded(x, "toExponential", 3)), plus);
  return signed(x, rounded(x, "toFixed", 4), plus);
}

/** Format a size from 0.001 to 1 with three significant digits. */
function precise(size) {
  return rounded(size, "toFixed", 2 - Number(size.toExponential(2).split("e")[1]));
}

/** Format a number with three significant digits or two decimals, for the label of an edge. */
export function short(x, plus = false) {
  if (x === 0) return "0.00";
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return signed(x, sizeText(x), plus);
  if (size >= 0.9995 && size < 10000) return signed(x, rounded(x, "toFixed", 2), plus);
  if (size >= 0.001 && size < 10000) return signed(x, precise(size), plus);
  return signed(x, wide(rounded(x, "toExponential", 1)), plus);
}

/** Format a number as it is written in a formula, a negative one in parentheses. */
export function plain(x) {
  const text = (Number.isFinite(x) ? String(Math.abs(x)) : sizeText(x)).replace("e+", "e");
  return x < 0 ? `(−${text})` : text;
}

/** Format a number for an input field: at most so many significant digits, and no more than needed. */
export const typed = (x, digits = 12) => String(Number(x.toPrecision(digits)));

/** Parse typed text, with either minus sign; null if it is not a number. */
export function parsed(text) {
  const plainText = text.trim().replace("−", "-").replace(",", ".");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plainText)) return null;
  return Number(plainText);
}

/** Read a number of the data, which JSON has as a string if it is not finite. */
export const restored = (x) => (x === "nan" ? NaN : x === "inf" ? Infinity : x === "-inf" ? -Infinity : x);

/** Return the class of a number's sign; a nan counts as negative, so that it is conspicuous. */
export const signOf = (x) => (x === null ? "" : x > 0 ? "pos" : x === 0 ? "zero" : "neg");

/** Return a single number as it is, and the Euclidean norm of several. */
export const combined = (xs) => (xs.length === 0 ? null : xs.length === 1 ? xs[0] : Math.hypot(...xs));
