// A small line chart, drawn as SVG.
import { short } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text) made.textContent = text;
  return made;
}

/**
 * Draw lines into an SVG element.
 * @param {SVGSVGElement} svg
 * @param {{ lines: { kind: string, points: number[][] }[], dots?: { kind: string, at: number[] }[],
 *   across?: string, up?: string, logarithmic?: boolean, room?: number[] | null }} what
 */
export function chart(svg, { lines, dots = [], across = "", up = "", logarithmic = false, room = null }) {
  const [width, height] = [Math.max(svg.clientWidth, 160), Math.max(svg.clientHeight, 80)];
  const edge = { left: 48, right: 8, top: 8, bottom: across ? 30 : 18 };
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const height_ = (y) => (logarithmic ? Math.log10(y) : y);
  const usable = (/** @type {number[]} */ [x, y]) => Number.isFinite(x) && Number.isFinite(height_(y));
  const points = [...lines.flatMap((line) => line.points), ...dots.map((dot) => dot.at)].filter(usable);
  svg.replaceChildren();
  if (points.length < 2) return;
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => height_(y))];
  let [low, high] = room || [Math.min(...ys), Math.max(...ys)];
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  if (high - low < 1e-12 * Math.max(1, Math.abs(high))) [low, high] = [low - 0.5 * (Math.abs(low) || 1), high + 0.5 * (Math.abs(high) || 1)];
  const clamp = (y) => Math.max(low - (high - low), Math.min(high + (high - low), y));
  const px = (x) => edge.left + ((x - left) / (right - left || 1)) * (width - edge.left - edge.right);
  const py = (y) => edge.top + ((high - clamp(y)) / (high - low)) * (height - edge.top - edge.bottom);
  const clip = `clip-${svg.id}`;
  const frame = { x: edge.left, y: edge.top - 2, width: width - edge.left - edge.right, height: height - edge.top - edge.bottom + 4 };
  const definition = element("clipPath", { id: clip });
  definition.append(element("rect", frame));
  svg.append(definition);
  for (const level of [low, (low + high) / 2, high]) {
    const text = short(logarithmic ? 10 ** level : level);
    svg.append(element("line", { class: "grid", x1: edge.left, x2: width - edge.right, y1: py(level), y2: py(level) }));
    svg.append(element("text", { class: "tick", x: edge.left - 5, y: py(level) + 3.5, "text-anchor": "end" }, text));
  }
  for (const [x, anchor] of [[left, "start"], [right, "end"]]) {
    svg.append(element("text", { class: "tick", x: px(x), y: height - edge.bottom + 13, "text-anchor": anchor }, Number.isInteger(x) ? x : short(x)));
  }
  if (across) svg.append(element("text", { class: "axis", x: (edge.left + width) / 2, y: height - 3, "text-anchor": "middle" }, across));
  if (up) svg.append(element("text", { class: "axis", x: edge.left + 6, y: edge.top + 10 }, up));
  const inside = element("g", { "clip-path": `url(#${clip})` });
  svg.append(inside);
  for (const { kind, points: all } of lines) {
    const shown = all.filter(usable).map(([x, y]) => `${px(x).toFixed(1)},${py(height_(y)).toFixed(1)}`);
    inside.append(element("polyline", { class: `curve ${kind}`, points: shown.join(" ") }));
  }
  for (const { kind, at } of dots.filter((dot) => usable(dot.at))) {
    inside.append(element("circle", { class: `dot ${kind}`, cx: px(at[0]), cy: py(height_(at[1])), r: 4 }));
  }
}
