// The network diagram: a button with a heat map for each neuron, a line for each weight.
import { fixed, short, signOf } from "./numbers.js";
import { paint } from "./planes.js";

const SVG = "http://www.w3.org/2000/svg";
/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);

export class Wiring {
  constructor(app) {
    this.app = app;
    this.box = find("network");
    this.lines = [];
    this.neurons = [];
    new ResizeObserver(() => this.place()).observe(this.box);
  }

  /** Make new buttons and lines for a network of another shape. */
  build() {
    const { app, box } = this;
    const { graph, features } = app;
    for (const old of box.querySelectorAll(".neuron, .width")) old.remove();
    find("lines").replaceChildren();
    const button = (kind, layer, k) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = `neuron ${kind}`;
      const [canvas, told] = [document.createElement("canvas"), document.createElement("span")];
      made.append(canvas, told);
      made.addEventListener("click", () => app.example.open(layer, k));
      box.append(made);
      return { button: made, canvas, told, layer, k };
    };
    this.inputs = features.map((_, k) => button("input", -1, k));
    this.neurons = graph.layers.map((layer, l) => layer.neurons.map((_, k) => button("", l, k)));
    this.lines = graph.layers.flatMap((layer, l) => layer.neurons.flatMap((neuron, k) => neuron.weights.map((node, j) => {
      const path = document.createElementNS(SVG, "path");
      find("lines").append(path);
      return { path, node, l, k, j, from: (l ? this.neurons[l - 1] : this.inputs)[j], to: this.neurons[l][k] };
    })));
    graph.layers.slice(0, -1).forEach((layer, l) => {
      const control = document.createElement("div");
      control.className = "width";
      const [fewer, more, count] = [document.createElement("button"), document.createElement("button"), document.createElement("span")];
      [fewer.textContent, more.textContent, count.textContent] = ["−", "+", String(layer.neurons.length)];
      fewer.setAttribute("aria-label", app.say.fewer(l + 1));
      more.setAttribute("aria-label", app.say.more(l + 1));
      for (const [each, by] of /** @type {[HTMLButtonElement, number][]} */ ([[fewer, -1], [more, 1]])) {
        each.type = "button";
        each.addEventListener("click", () => app.resize(l, by));
      }
      control.append(fewer, count, more);
      box.append(control);
    });
    this.speak();
    this.place();
  }

  speak() {
    this.inputs.forEach(({ told, k }) => { told.textContent = this.app.features[k]; });
    for (const each of [...this.inputs, ...this.neurons.flat()]) this.name(each);
  }

  /** Return the label of a neuron: its position, and the numbers beside it. */
  name({ button, told, layer, k }) {
    const { say } = this.app;
    const place = layer < 0 ? say.input : say.neuronOf(layer + 1, k + 1);
    button.setAttribute("aria-label", [place, told.textContent].filter(Boolean).join(" "));
  }

  place() {
    const { box, inputs, neurons } = this;
    if (!inputs) return;
    const [width, height] = [box.clientWidth, box.clientHeight];
    const columns = [inputs, ...neurons];
    const most = Math.max(...columns.map((column) => column.length));
    const size = Math.max(18, Math.min(52, (height - 60) / most - 24, width / columns.length / 1.7));
    const controls = box.querySelectorAll(".width");
    columns.forEach((column, c) => {
      const edge = Math.min(44, width / 12) + size / 2;
      const x = edge + (c * (width - 2 * edge)) / Math.max(1, columns.length - 1);
      column.forEach((each, k) => {
        each.x = x;
        each.y = 34 + ((k + 0.5) * (height - 50)) / column.length;
        Object.assign(each.button.style, { left: `${x}px`, top: `${each.y}px`, width: `${size}px`, height: `${size}px` });
      });
      if (c > 0 && c < columns.length - 1) controls[c - 1].style.left = `${x}px`;
    });
    this.size = size;
    for (const line of this.lines) {
      const [x0, x1] = [line.from.x + size / 2, line.to.x - size / 2];
      const middle = (x0 + x1) / 2;
      line.path.setAttribute("d", `M${x0.toFixed(1)},${line.from.y.toFixed(1)}C${middle.toFixed(1)},${line.from.y.toFixed(1)} ${middle.toFixed(1)},${line.to.y.toFixed(1)} ${x1.toFixed(1)},${line.to.y.toFixed(1)}`);
    }
  }

  /** Draw the weights as line widths; in the backward pass of an example, its gradients so far. */
  showLines() {
    const { app } = this;
    const { values } = app.tape;
    const told = app.example.lines();
    const size = (line) => Math.abs(told ? told(line) ?? 0 : values[line.node]);
    const largest = told ? Math.max(...this.lines.map(size).filter(Number.isFinite), 1e-12) : 1.5;
    for (const line of this.lines) {
      const number = told ? told(line) : values[line.node];
      const kind = number === null ? "" : signOf(number);
      const width = number === null ? 0.6 : 0.4 + 5 * Math.sqrt(Math.min(1, size(line) / largest));
      line.path.setAttribute("class", `${kind}${told ? " flow" : ""}`);
      line.path.setAttribute("stroke-width", width.toFixed(2));
      line.path.setAttribute("stroke-opacity", told ? "1" : "0.75");
    }
  }

  /** Draw the heat maps. @param {Float64Array[][]} maps one for each neuron @param {Float64Array[]} given one for each input */
  showMaps(maps, given) {
    const { palette } = this.app;
    const scale = (numbers) => numbers.reduce((a, x) => Math.max(a, Math.abs(x) || 0), 1e-6);
    this.inputs.forEach(({ canvas }, k) => paint(canvas, given[k], palette, 0, scale(given[k])));
    this.neurons.forEach((layer, l) => layer.forEach(({ canvas }, k) => {
      if (l < this.neurons.length - 1) paint(canvas, maps[l][k], palette, 0, scale(maps[l][k]));
    }));
  }

  /** Show beside each neuron what has reached it of an example: its output, and below it its error. */
  showExample() {
    const { app } = this;
    const told = app.example.numbers();
    for (const each of [...this.inputs, ...this.neurons.flat()]) {
      const found = told?.(each.layer, each.k);
      each.button.classList.toggle("lit", Boolean(found?.lit));
      each.button.classList.toggle("open", app.example.isOpen(each.layer, each.k));
      const parts = each.layer < 0 ? [app.features[each.k]] : [];
      if (found?.value !== undefined) parts[0] = `${each.layer < 0 ? `${parts[0]} = ` : ""}${short(found.value)}`;
      each.told.replaceChildren(...parts);
      if (found?.error !== undefined) {
        const error = document.createElement("b");
        error.className = signOf(found.error);
        error.textContent = `δ ${short(found.error, true)}`;
        each.told.append(error);
        each.told.title = fixed(found.error, true);
      }
      this.name(each);
    }
  }
}
