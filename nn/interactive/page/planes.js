// Heat maps: an output over x1 and x2 in colours, and the points on top.

const SIDE = 40; // cells of a heat map along one side

/** Return a colour of the theme as three numbers. */
function numbersOf(name) {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
}

export class Palette {
  constructor() {
    this.neg = numbersOf("--neg");
    this.paper = numbersOf("--paper");
    this.pos = numbersOf("--pos");
    this.ink = numbersOf("--ink");
    /** 256 colours from negative through 0 to positive. */
    this.table = new Uint8ClampedArray(256 * 3);
    for (let k = 0; k < 256; k += 1) {
      const share = k / 127.5 - 1;
      const end = share < 0 ? this.neg : this.pos;
      const part = Math.min(1, Math.abs(share) * 0.9);
      for (let j = 0; j < 3; j += 1) this.table[3 * k + j] = this.paper[j] + (end[j] - this.paper[j]) * part;
    }
  }
}

/** Return the part of the plane that is shown. @param {number[][]} points */
export function windowOf(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const half = 0.56 * Math.max(right - left, high - low, 0.1);
  const [x, y] = [(left + right) / 2, (low + high) / 2];
  return { left: x - half, low: y - half, size: 2 * half };
}

/** Return the centres of the cells, from the upper left. */
export function cells(window, side = SIDE) {
  return Array.from({ length: side * side }, (_, k) => [
    window.left + (((k % side) + 0.5) / side) * window.size,
    window.low + window.size - ((Math.floor(k / side) + 0.5) / side) * window.size,
  ]);
}

/** Paint numbers, one for each cell, into a canvas. @param {HTMLCanvasElement} canvas @param {Float64Array} numbers */
export function paint(canvas, numbers, palette, centre = 0, scale = 1) {
  const side = Math.sqrt(numbers.length);
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  for (let k = 0; k < numbers.length; k += 1) {
    const share = Math.max(-1, Math.min(1, (numbers[k] - centre) / scale)) || 0;
    const at = 3 * Math.round((share + 1) * 127.5);
    image.data[4 * k] = palette.table[at];
    image.data[4 * k + 1] = palette.table[at + 1];
    image.data[4 * k + 2] = palette.table[at + 2];
    image.data[4 * k + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

/** Draw points over a plane. @param {HTMLCanvasElement} canvas */
export function paintPoints(canvas, heat, data, window, palette, { centre = 0, chosen = -1, radius = 4, test = null } = {}) {
  const pixels = Math.max(60, Math.round(canvas.clientWidth * (globalThis.devicePixelRatio || 1)));
  canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = true;
  if (heat) context.drawImage(heat, 0, 0, pixels, pixels);
  const unit = pixels / (canvas.clientWidth || 60);
  const at = ([x, y]) => [((x - window.left) / window.size) * pixels, (1 - (y - window.low) / window.size) * pixels];
  const draw = (points, k, size, line, colour) => {
    const [x, y] = at(points.inputs[k]);
    const positive = points.targets[k] > centre;
    context.beginPath();
    if (positive) context.arc(x, y, size, 0, 2 * Math.PI);
    else context.rect(x - size * 0.85, y - size * 0.85, size * 1.7, size * 1.7);
    context.fillStyle = css(positive ? palette.pos : palette.neg);
    context.fill();
    context.lineWidth = line;
    context.strokeStyle = css(colour);
    context.stroke();
  };
  if (test) test.targets.forEach((_, k) => draw(test, k, radius * 0.55 * unit, 0.6 * unit, palette.ink));
  data.targets.forEach((_, k) => draw(data, k, radius * unit, unit, palette.paper));
  if (chosen >= 0 && chosen < data.targets.length) draw(data, chosen, radius * 1.8 * unit, 2.5 * unit, palette.ink);
}
