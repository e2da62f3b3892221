// Data on the plane: the same points as nn.data generates, and the features of a point.

const round = (count) => Math.floor((count + 1) / 2);

/** @type {Record<string, (count: number, noise: number, rng: import("./random.js").Random) => { inputs: number[][], targets: number[] }>} */
const MADE = {
  moons(count, noise, rng) {
    return made(count, (k) => {
      const angle = (Math.PI * Math.floor(k / 2)) / Math.max(1, round(count) - 1);
      const upper = k % 2 === 0;
      const [x, y] = upper ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
      return [[x + rng.gauss(0, noise), y + rng.gauss(0, noise)], upper ? -1 : 1];
    });
  },
  circles(count, noise, rng) {
    return made(count, (k) => {
      const angle = (2 * Math.PI * Math.floor(k / 2)) / round(count);
      const radius = k % 2 ? 0.5 : 1;
      return [[radius * Math.cos(angle) + rng.gauss(0, noise), radius * Math.sin(angle) + rng.gauss(0, noise)], k % 2 ? 1 : -1];
    });
  },
  xor(count, noise, rng) {
    return made(count, () => {
      const [x, y] = [rng.uniform(-1, 1), rng.uniform(-1, 1)];
      return [[x + rng.gauss(0, noise), y + rng.gauss(0, noise)], x * y > 0 ? -1 : 1];
    });
  },
  spirals(count, noise, rng) {
    return made(count, (k) => {
      const share = (Math.floor(k / 2) + 1) / round(count);
      const angle = 2 * Math.PI * 1.5 * share;
      const arm = k % 2 ? -1 : 1;
      return [[arm * share * Math.cos(angle) + rng.gauss(0, noise), arm * share * Math.sin(angle) + rng.gauss(0, noise)], -arm];
    });
  },
};

function made(count, point) {
  const found = Array.from({ length: count }, (_, k) => point(k));
  return { inputs: found.map(([at]) => at), targets: found.map(([, target]) => target) };
}

export const DATASETS = MADE;

/** The features of a point (x, y). @type {Record<string, (x: number, y: number) => number>} */
export const FEATURES = {
  x1: (x) => x, x2: (_, y) => y, "x1²": (x) => x * x, "x2²": (_, y) => y * y, "x1 x2": (x, y) => x * y,
  "sin x1": (x) => Math.sin(Math.PI * x), "sin x2": (_, y) => Math.sin(Math.PI * y),
};

/** Parse points from comma-separated values: two numbers and a class or number per line. */
export function parsedPoints(text) {
  const rows = text.split(/\r?\n/).filter((line) => line.trim()).map((line) => line.split(/[,;\t]/).map(Number));
  const whole = rows.filter((row) => row.length >= 3 && row.every(Number.isFinite));
  return { inputs: whole.map((row) => row.slice(0, 2)), targets: whole.map((row) => row[row.length - 1]), left: rows.length - whole.length };
}
