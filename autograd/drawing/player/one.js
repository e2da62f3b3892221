// One value: its paths to the root, and for a leaf the effect of a nudge and the gradient's prediction.
import { chart } from "./chart.js";
import { formulaOf } from "./formulas.js";
import { paths } from "./graph.js";
import { fixed, short, signOf } from "./numbers.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);

function paragraph(text, kind = "") {
  const made = document.createElement("p");
  made.className = kind;
  made.textContent = text;
  return made;
}

/** Format products as one sum: `−2.892 + 0.283 = −2.609`. */
export function asSum(found, total) {
  const [first = 0, ...others] = found.largest.map((path) => path.product);
  const shown = found.largest.reduce((sum, path) => sum + path.product, 0);
  const rest = found.count > found.largest.length ? ` ${total - shown < 0 ? "−" : "+"} … ${short(Math.abs(total - shown))}` : "";
  const terms = others.map((x) => ` ${x < 0 ? "−" : "+"} ${fixed(Math.abs(x))}`).join("");
  return `${fixed(first)}${terms}${rest} = ${fixed(total)}`;
}

export class One {
  constructor(app) {
    this.app = app;
    this.k = null;
    this.shown = "";
    find("nudging").addEventListener("input", () => this.nudge());
  }

  select(k) {
    if (this.k === k) return;
    this.k = k;
    find("nudging").value = "40";
    this.shown = "";
    this.show();
  }

  show() {
    const { app, k } = this;
    const { graph, say } = app;
    const hidden = app.panel.hidden !== null; // its numbers would reveal a contribution
    find("pick").hidden = k !== null && !hidden;
    find("pick").textContent = hidden ? say.concealed : say.pick;
    find("chosen").hidden = k === null || hidden;
    if (k === null || hidden) return;
    const key = `${k} ${graph.data.join()} ${say.language}`;
    if (key === this.shown || find("panel-one").hidden) return;
    this.shown = key;
    const [name, root] = [graph.nodes[k].name, graph.nodes[graph.root].name];
    const formula = formulaOf(graph, k);
    find("path-title").textContent = `${say.pathsOf(name, root)}`;
    find("path-formula").textContent = formula ? `${name} = ${formula}` : `${name} = ${fixed(graph.data[k])}`;
    this.showPaths(paths(graph, k), graph.gradientOf(k));
    const leaf = !graph.nodes[k].op && k !== graph.root && !graph.frozen;
    find("nudge").hidden = !leaf;
    if (leaf) this.nudge();
  }

  showPaths(found, total) {
    const { app } = this;
    const { graph, say } = app;
    const list = document.createElement("ol");
    for (const path of found.largest) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      const way = [this.k, ...path.edges.map((edge) => edge.result)].map((k) => graph.nodes[k].name);
      const names = way.length > 7 ? [...way.slice(0, 3), "…", ...way.slice(-3)] : way;
      const partials = path.edges.map((edge) => short(graph.partials[edge.result][edge.position]));
      const factors = partials.length > 6 ? [...partials.slice(0, 4), "…"] : partials;
      if (graph.gradient !== 1) factors.push(short(graph.gradient));
      button.append(names.join(" → "));
      const product = document.createElement("b");
      product.className = signOf(path.product);
      product.textContent = fixed(path.product, true);
      item.append(button, ` ${factors.join(" × ")}${factors.length ? " = " : ""}`, product);
      for (const enter of ["mouseenter", "focusin"]) item.addEventListener(enter, () => app.light(path.edges));
      for (const leave of ["mouseleave", "focusout"]) item.addEventListener(leave, () => app.light([]));
      list.append(item);
    }
    const left = found.count - found.largest.length;
    const rest = total - found.largest.reduce((sum, path) => sum + path.product, 0);
    const parts = [paragraph(say.pathCount(found.count)), list];
    if (left > 0) parts.push(paragraph(say.morePaths(left, fixed(rest, true))));
    if (found.count > 1) parts.push(paragraph(`${asSum(found, total)}`, "sum"), paragraph(say.pathSum));
    find("paths").replaceChildren(...parts);
  }

  /** Plot the root over a leaf, its tangent, and the nudged point. */
  nudge() {
    const { app, k } = this;
    const { graph, say } = app;
    const [x, y, slope] = [graph.data[k], graph.data[graph.root], graph.gradientOf(k) / (graph.gradient || 1)];
    const reach = Math.max(1, Math.abs(x)) * 0.5;
    const by = (Number(find("nudging").value) / 100) * reach;
    const moved = graph.rootAt([[k, x + by]]) - y;
    const finite = graph.difference(k);
    const gradient = graph.gradientOf(k);
    const [name, root] = [graph.nodes[k].name, graph.nodes[graph.root].name];
    find("nudge-word").textContent = `${say.nudge(name)} ${fixed(by, true)}`;
    const agree = Math.abs(finite - gradient) <= 1e-5 * Math.max(1, Math.abs(gradient));
    const rows = [
      [say.moved(root), fixed(moved, true)], [say.predicted, fixed(slope * by, true)],
      [say.finite(fixed(graph.width(k))), fixed(finite, true)], [say.gradient, fixed(gradient, true)],
    ];
    find("nudged").replaceChildren(...rows.flatMap(([word, number]) => {
      const [term, value] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = word;
      value.textContent = number;
      return [term, value];
    }));
    find("agree").textContent = !Number.isFinite(finite + gradient) ? say.noSlope : agree ? `✓ ${say.agree}` : `≠ ${say.differ}`;
    find("nudging").setAttribute("aria-valuetext", `${fixed(by, true)}: ${say.moved(root)} ${fixed(moved, true)}`);
    const points = Array.from({ length: 61 }, (_, j) => x + reach * (j / 30 - 1)).map((at) => [at, graph.rootAt([[k, at]])]);
    const ys = points.map(([, at]) => at).concat(y).filter(Number.isFinite);
    const room = ys.length ? [Math.min(...ys), Math.max(...ys)] : null;
    const tangent = [[x - reach, y - slope * reach], [x + reach, y + slope * reach]];
    const svg = find("curve");
    svg.setAttribute("aria-label", say.curveAlt(root, name));
    chart(svg, {
      lines: [{ kind: "function", points }, { kind: "tangent", points: tangent }], across: name, up: root, room,
      dots: [{ kind: "here", at: [x, y] }, { kind: "moved", at: [x + by, y + moved] }, { kind: "predicted", at: [x + by, y + slope * by] }],
    });
  }
}
