// The picture: boxes and edges that dot has placed, and their state at a moment of the pass.
import { needs } from "./formulas.js";
import { combined, fixed, short, signOf } from "./numbers.js";

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{ x: number, y: number }} Point */

/** Parse a path to points: the first, then three for each cubic. @returns {Point[]} */
function pointsOf(d) {
  const numbers = d.match(/-?\d+(\.\d+)?(e-?\d+)?/g).map(Number);
  return Array.from({ length: numbers.length / 2 }, (_, k) => ({ x: numbers[2 * k], y: numbers[2 * k + 1] }));
}

const mix = (a, b, t) => ({ x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t });
const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** Return the part of a cubic after t (de Casteljau). @param {Point[]} piece */
function rest(piece, t) {
  const [a, b, c, d] = piece;
  const [ab, bc, cd] = [mix(a, b, t), mix(b, c, t), mix(c, d, t)];
  const [abc, bcd] = [mix(ab, bc, t), mix(bc, cd, t)];
  return [mix(abc, bcd, t), bcd, cd, d];
}

/** Return the spline without the part within a distance of its first point. @param {Point[]} points */
function cut(points, distance) {
  const tip = points[0];
  let from = 0;
  while (from + 6 < points.length && far(points[from + 3], tip) < distance) from += 3;
  let [low, high] = [0, 1];
  const piece = points.slice(from, from + 4);
  for (let k = 0; k < 12; k += 1) {
    const middle = (low + high) / 2;
    if (far(rest(piece, middle)[0], tip) < distance) low = middle;
    else high = middle;
  }
  return [...rest(piece, (low + high) / 2), ...points.slice(from + 4)];
}

const write = (points) => points.map(({ x, y }, k) => `${k === 0 ? "M" : k === 1 ? "C" : ""}${x.toFixed(1)},${y.toFixed(1)}`)
  .join(" ");

/** Return a triangle with its tip at the first point, or a bar for a contribution of 0. */
function head(tip, base, size, bar) {
  const [dx, dy] = [(tip.x - base.x) / (far(tip, base) || 1), (tip.y - base.y) / (far(tip, base) || 1)];
  const at = (along, across) => `${(tip.x - dx * along - dy * across).toFixed(1)},${(tip.y - dy * along + dx * across).toFixed(1)}`;
  return bar ? [at(1, 5), at(4, 5), at(4, -5), at(1, -5)].join(" ") : [at(0, 0), at(size, size * 0.36), at(size, -size * 0.36)].join(" ");
}

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** One line of the picture; in a folded network it may represent many edges. */
class Line {
  constructor(group, members) {
    this.group = group;
    this.members = members;
    this.path = group.querySelector("path");
    this.points = pointsOf(this.path.getAttribute("d"));
    this.flow = group.querySelector(".flow");
    this.partial = group.querySelector(".partial");
    this.halo = element("path", { class: "halo" });
    this.head = element("polygon", { class: "head" });
    this.path.setAttribute("class", "line");
    this.bounds = placed(group);
    this.path.before(this.halo);
    this.path.after(this.head);
    this.shown = "";
  }

  /** @param {number | null} contribution @param {number | null} partial @param {number} width @param {string} state */
  show(contribution, partial, width, state) {
    const several = this.members.length > 1;
    const sign = contribution === null ? "" : several && contribution ? "size" : signOf(contribution);
    const label = contribution === null ? "" : short(contribution, !several);
    const local = several || partial === null ? "" : `× ${short(partial)}`;
    const key = `${sign} ${state} ${label} ${local} ${width.toFixed(2)}`;
    if (key === this.shown) return;
    this.shown = key;
    const traced = this.group.classList.contains("traced") ? " traced" : "";
    this.group.setAttribute("class", `edge value ${state} ${sign}${traced}`);
    if (this.flow && label) this.flow.textContent = label;
    if (this.partial && local) this.partial.textContent = local;
    const back = contribution !== null;
    const size = back ? 6 + 1.2 * width : 7;
    const points = back ? this.points : [...this.points].reverse();
    const line = cut(points, Math.min(sign === "zero" ? 4 : size, 0.6 * far(points[0], points[points.length - 1])));
    this.path.setAttribute("d", write(line));
    this.path.setAttribute("stroke-width", (back ? width : 1.2).toFixed(2));
    this.halo.setAttribute("d", write(points));
    this.halo.setAttribute("stroke-width", (width + 7).toFixed(2));
    this.head.setAttribute("points", head(points[0], line[0], size, sign === "zero"));
  }
}

/** A line of a box that shows an edge: its local derivative, and its contribution or the operand's gradient. */
class Listed {
  constructor(group, edge) {
    this.group = group;
    this.members = [edge];
    this.bounds = placed(group);
    this.partial = group.querySelector(".partial");
    this.flow = group.querySelector(".flow");
  }

  /** @param {number | null} contribution @param {number | null} partial @param {string} state */
  show(contribution, partial, state) {
    if (this.partial && partial !== null) this.partial.textContent = `\u00a0\u00a0× ${short(partial)}`;
    for (const each of ["now", "done", "ahead", "unknown"]) this.group.classList.toggle(each, state.split(" ").includes(each));
    if (!this.flow) return;
    this.flow.textContent = contribution === null ? "·" : short(contribution, true);
    this.group.classList.remove("pos", "neg", "zero", "reached");
    if (contribution !== null) this.group.classList.add(signOf(contribution), "reached");
  }
}

/** Return the rectangle of a group in the units of the whole picture, with its transforms applied. */
function placed(group) {
  const { x, y, width, height } = group.getBBox();
  const at = { x, y, width, height };
  for (let each = group; each && each.tagName !== "svg"; each = each.parentNode) {
    const matrix = each.transform?.baseVal.consolidate()?.matrix;
    if (matrix) Object.assign(at, { x: at.x * matrix.a + matrix.e, y: at.y * matrix.d + matrix.f });
  }
  return at;
}

/** A value's box; the same value may have several. */
class Box {
  constructor(group) {
    this.group = group;
    const own = (kind) => [...group.querySelectorAll(kind)].find((each) => each.closest("g.line, g.node") === group);
    this.data = own(".data-value");
    this.value = own(".grad-value");
    this.listed = group.matches(".line");
    this.label = own(".grad-label");
    this.count = own(".count"); // of a leaf in a list
    this.waiting = this.label?.textContent ?? "grad"; // of a folded box, whose grads are not counted
    this.bounds = placed(group);
    this.editable = false;
    /** @type {Element | null} */
    this.warning = null;
  }

  /** Show below the box the domain of its operation, if the operands are outside of it. */
  warn(words) {
    this.group.classList.toggle("outside", words !== "");
    if (!words && !this.warning) return;
    if (!this.warning) {
      const { x, y, width, height } = this.group.getBBox();
      this.warning = element("text", { class: "warning", x: x + width / 2, y: y + height + 13, "text-anchor": "middle" });
      this.group.append(this.warning);
    }
    this.warning.textContent = words;
  }

  show(data, grad, label, sign) {
    if (this.data && this.data.textContent !== data) this.data.textContent = data;
    if (this.value && this.value.textContent !== grad) this.value.textContent = grad;
    if (this.label && this.label.textContent !== label) this.label.textContent = label;
    if (this.count) this.count.textContent = `\u00a0\u00a0${label.slice(5) || "·"}`;
    if (this.sign === sign || (this.listed && !this.value)) return;
    this.group.classList.remove("pos", "neg", "zero", "size", "reached");
    if (sign) this.group.classList.add(sign, "reached");
    this.sign = sign;
  }
}

export class Picture {
  /** @param {SVGSVGElement} svg @param {import("./graph.js").Graph} graph @param {any[]} folded the groups shown as one box */
  constructor(svg, graph, folded) {
    this.svg = svg;
    this.graph = graph;
    this.folded = folded;
    this.inside = new Map(folded.flatMap((group) => group.nodes.map((k) => [k, group])));
    /** @type {Map<string, Box[]>} the boxes of each id */
    this.boxes = new Map();
    for (const group of svg.querySelectorAll("g.node:not(.constant), g.line")) {
      const id = group.getAttribute("data-value") || group.id;
      this.boxes.set(id, [...(this.boxes.get(id) || []), new Box(group)]);
    }
    /** @type {Map<string, Line>} */
    this.lines = new Map();
    const bundles = new Map();
    for (const edge of graph.edges) {
      const name = this.lineId(edge);
      if (name) bundles.set(name, [...(bundles.get(name) || []), edge]);
    }
    for (const [name, members] of bundles) {
      const group = document.getElementById(name);
      if (group) this.lines.set(name, new Line(group, members));
    }
    /** @type {Map<string, Listed>} lines of boxes that show an edge */
    this.listed = new Map();
    const edges = new Map(graph.edges.map((edge) => [edge.id, edge]));
    for (const group of svg.querySelectorAll("g.line[data-edge]")) {
      const edge = edges.get(group.getAttribute("data-edge"));
      if (edge) this.listed.set(edge.id, new Listed(group, edge));
    }
    this.marked = [];
    this.hidden = null;
    /** The visible part of a large picture; null for all. @type {any} */
    this.sight = null;
  }

  boxId(k) {
    return this.inside.get(k)?.id ?? this.graph.nodes[k].id;
  }

  /** Return the id of the line that an edge is part of; null inside a folded box. */
  lineId(edge) {
    const ends = [this.boxId(edge.operand), this.boxId(edge.result)];
    if (!this.inside.has(edge.operand) && !this.inside.has(edge.result)) return edge.id;
    return ends[0] === ends[1] ? null : ends.join("-");
  }

  /** Return all boxes of a value: its own, the folded one that contains it, and its line there. */
  boxesOf(k) {
    const inner = this.inside.has(k) ? this.boxes.get(this.graph.nodes[k].id) : null;
    return [...(this.boxes.get(this.boxId(k)) || []), ...(inner || [])];
  }

  /** Return whether a step changes anything visible. */
  visible(step) {
    if (!step.edge || this.listed.has(step.edge.id) || this.boxes.has(this.graph.nodes[step.receiver].id)) return true;
    const line = this.lineId(step.edge);
    return (line !== null && this.lines.has(line)) || (this.inside.get(step.receiver)?.outputs.includes(step.receiver) ?? false);
  }

  /** Show the state at a moment. @param {number | null} hidden the step whose numbers are hidden */
  show(moment, hidden = null) {
    const { graph } = this;
    this.hidden = hidden;
    const present = graph.steps[moment]?.edge ?? null;
    this.svg.classList.toggle("complete", moment >= graph.last);
    const sizes = [...this.lines.values()].map((line) => {
      const all = line.members.map((edge) => graph.flowed(edge, Infinity)).filter((x) => x !== null);
      return Math.abs(combined(all) ?? 0);
    });
    const largest = Math.max(...sizes.filter(Number.isFinite), 0) || 1;
    [...this.lines].forEach(([name, line], k) => {
      if (!this.inSight(line.bounds)) return;
      const flowed = line.members.map((edge) => graph.flowed(edge, moment)).filter((x) => x !== null);
      const width = 1.2 + 4.3 * Math.sqrt((Number.isFinite(sizes[k]) ? sizes[k] : 0) / largest);
      const edge = line.members[0];
      const state = this.stateOf(name, line, present, moment, flowed.length);
      line.show(combined(flowed), graph.partials[edge.result][edge.position], width, state);
      if (hidden !== null && present && line.members.includes(present) && line.flow) {
        line.flow.textContent = "?";
        line.shown = "";
      }
    });
    for (const [name, line] of this.listed) {
      if (!this.inSight(line.bounds)) continue;
      const [edge] = line.members;
      line.show(graph.flowed(edge, moment), graph.partials[edge.result][edge.position],
        this.stateOf(name, line, present, moment, graph.flowed(edge, moment) === null ? 0 : 1));
      if (hidden !== null && present === edge && line.flow) line.flow.textContent = "?";
    }
    graph.nodes.forEach((node, k) => {
      if ((this.boxes.get(node.id) || []).some((box) => this.inSight(box.bounds))) this.showNode(k, moment);
    });
    for (const group of this.folded) this.showFolded(group, moment);
    this.mark(moment, present);
  }

  /** Return whether a part of a large picture is visible: laying out invisible text would take most of the time. */
  inSight(bounds) {
    const { sight } = this;
    return !sight || (bounds.x < sight.x + sight.width && bounds.x + bounds.width > sight.x
      && bounds.y < sight.y + sight.height && bounds.y + bounds.height > sight.y);
  }

  stateOf(name, line, present, moment, flowed) {
    if (present && (this.lineId(present) === name || present.id === name)) return "now";
    if (flowed) return "done";
    return this.graph.knows(line.members[0].result, moment) ? "ahead" : "ahead unknown";
  }

  showNode(k, moment) {
    const boxes = this.boxes.get(this.graph.nodes[k].id);
    if (!boxes) return;
    const { graph } = this;
    const known = graph.knows(k, moment);
    const arrived = graph.arrived(k, moment);
    const grad = arrived < 0 ? null : graph.steps[arrived].after;
    const expected = graph.expected[k];
    const count = arrived < 0 ? 0 : graph.steps[arrived].count;
    const plus = graph.initial[k] ? "+" : ""; // contributions of earlier passes
    const counted = grad === null || (expected < 2 && !plus) ? ""
      : count === expected ? ` Σ${expected}${plus}` : ` ${count}/${expected}${plus}`;
    const concealed = this.hidden !== null && arrived === this.hidden;
    for (const box of boxes) {
      box.show(known ? fixed(graph.data[k]) : "·", concealed ? "?" : grad === null ? "·" : fixed(grad, true),
        `grad${counted}`, concealed ? "" : signOf(grad));
      if (box.editable) box.group.setAttribute("aria-valuenow", String(graph.data[k]));
      box.group.classList.toggle("unknown", !known);
      box.warn(graph.outside.has(k) ? `! ${needs(graph, k)}` : "");
      box.group.classList.toggle("edited", graph.edited.has(k));
    }
  }

  showFolded(group, moment) {
    const { graph } = this;
    const grads = group.outputs.map((k) => graph.arrived(k, moment)).filter((step) => step >= 0)
      .map((step) => graph.steps[step].after);
    const error = combined(grads);
    const several = group.outputs.length > 1;
    const [out] = group.outputs;
    for (const box of this.boxes.get(group.id) || []) {
      const output = several ? box.data?.textContent : graph.knows(out, moment) ? fixed(graph.data[out]) : "·";
      box.show(output, error === null ? "·" : fixed(error, !several), box.waiting,
        error === null ? "" : several ? "size" : signOf(error));
      box.group.classList.toggle("outside", group.nodes.some((k) => graph.outside.has(k)));
    }
  }

  mark(moment, present) {
    for (const [group, kind] of this.marked) group.classList.remove(kind);
    this.marked = [];
    const put = (k, kind) => {
      for (const box of this.boxesOf(k)) {
        if (box.listed && !box.value) continue; // an operand's line shows an edge, which marks itself
        box.group.classList.add(kind);
        this.marked.push([box.group, kind]);
      }
    };
    const computed = moment < -1 ? this.graph.computedAt(moment) : null;
    if (computed !== null) put(computed, "receiver");
    if (moment === 0) put(this.graph.root, "receiver");
    if (!present) return;
    put(present.operand, "receiver");
    if (this.boxId(present.result) !== this.boxId(present.operand)) put(present.result, "result");
  }

  /** Highlight edges and their boxes; none restores the picture. @param {import("./graph.js").Edge[]} edges */
  highlight(edges) {
    this.svg.classList.toggle("tracing", edges.length > 0);
    const lines = new Set(edges.map((edge) => this.lineId(edge)));
    const boxes = new Set(edges.flatMap((edge) => [this.boxId(edge.operand), this.boxId(edge.result)]));
    for (const [name, line] of this.lines) line.group.classList.toggle("traced", lines.has(name));
    const listed = new Set(edges.map((edge) => edge.id));
    for (const [name, line] of this.listed) line.group.classList.toggle("traced", listed.has(name));
    for (const [id, list] of this.boxes) for (const box of list) box.group.classList.toggle("traced", boxes.has(id));
  }

  /** Return the rectangle around some values, in the picture's units. @param {number[]} nodes */
  around(nodes) {
    const all = nodes.flatMap((k) => this.boxes.get(this.graph.nodes[k].id) || this.boxes.get(this.boxId(k)) || [])
      .map((box) => box.bounds);
    if (!all.length) return null;
    const [left, top] = [Math.min(...all.map((b) => b.x)), Math.min(...all.map((b) => b.y))];
    return { x: left, y: top, width: Math.max(...all.map((b) => b.x + b.width)) - left,
      height: Math.max(...all.map((b) => b.y + b.height)) - top };
  }
}
