// Gradient descent: the chosen leaves move against their gradients, and the root's value is plotted.
import { chart } from "./chart.js";
import { fixed, short } from "./numbers.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);
const PACE = 140; // milliseconds for an update while running
const MOST = 2000;

/** Return the key of the message that describes a descent, or "". @param {number[]} losses @param {number[][]} grads of the learning leaves, latest last */
export function state(losses, grads) {
  const [now, first] = [losses[losses.length - 1], losses[0]];
  const latest = grads[grads.length - 1] || [];
  const before = losses[losses.length - 2] ?? now;
  if (!Number.isFinite(now) || (now > before && now > first && now > 10 * (Math.abs(first) + 0.1))) return "diverged";
  if (latest.length && latest.every((g) => Math.abs(g) < 1e-5)) return "stuck";
  const recent = grads.slice(-5);
  if (recent.length < 5) return "";
  const largest = latest.reduce((a, g, k) => (Math.abs(g) > Math.abs(latest[a]) ? k : a), 0);
  return recent.every((each, k) => k === 0 || each[largest] * recent[k - 1][largest] < 0) ? "zigzag" : "";
}

export class Descend {
  constructor(app) {
    this.app = app;
    this.learning = new Set(app.graph.leaves);
    this.timer = null;
    this.begin();
    this.boxes();
    find("rate").addEventListener("input", () => this.showRate());
    find("one-step").addEventListener("click", () => { this.halt(); this.update(); });
    find("run").addEventListener("click", () => (this.timer === null ? this.run() : this.halt()));
    find("again").addEventListener("click", () => this.again());
    for (const [id, wanted] of /** @type {[string, boolean][]} */ ([["learn-all", true], ["learn-none", false]])) {
      find(id).addEventListener("click", () => {
        this.learning = new Set(wanted ? app.graph.leaves : []);
        this.boxes();
      });
    }
  }

  get rate() {
    return Number((10 ** Number(find("rate").value)).toPrecision(2));
  }

  begin() {
    const { graph } = this.app;
    this.start = graph.leaves.map((k) => [k, graph.data[k]]);
    this.losses = [graph.data[graph.root]];
    this.grads = [];
  }

  boxes() {
    const { graph } = this.app;
    find("learning").replaceChildren(...graph.leaves.map((k) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = this.learning.has(k);
      box.disabled = Boolean(graph.frozen);
      box.addEventListener("change", () => (box.checked ? this.learning.add(k) : this.learning.delete(k)));
      label.append(box, ` ${graph.nodes[k].name}`);
      return label;
    }));
  }

  update() {
    const { app } = this;
    const { graph } = app;
    const chosen = graph.leaves.filter((k) => this.learning.has(k));
    if (!chosen.length || graph.frozen) {
      find("descent").textContent = app.say.chooseLeaf;
      return this.halt();
    }
    this.moving = true;
    app.edit(chosen.map((k) => [k, graph.data[k] - this.rate * graph.gradientOf(k)]));
    this.moving = false;
    this.losses.push(graph.data[graph.root]);
    this.grads.push(chosen.map((k) => graph.gradientOf(k)));
    this.show();
    if (!Number.isFinite(graph.data[graph.root]) || this.losses.length > MOST) this.halt();
    return undefined;
  }

  run() {
    this.app.stop();
    this.app.go(this.app.graph.last, false);
    this.timer = setInterval(() => {
      this.update();
      if (["diverged", "stuck"].includes(state(this.losses, this.grads)) && this.losses.length % 25 === 0) this.halt();
    }, PACE);
    this.show();
  }

  halt() {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.show();
  }

  again() {
    this.halt();
    this.app.edit(this.start);
    this.begin();
    this.show();
  }

  /** A number was changed elsewhere: the descent starts from another point. */
  edited() {
    if (!this.moving) {
      this.begin();
      this.show();
    }
  }

  showRate() {
    find("rate-number").textContent = String(this.rate);
    find("rate").setAttribute("aria-valuetext", String(this.rate));
  }

  show() {
    const { app } = this;
    const { say, graph } = app;
    if (find("panel-descend").hidden) return;
    this.showRate();
    const root = graph.nodes[graph.root].name;
    find("descent-rule").textContent = graph.frozen ? say.frozen(graph.frozen) : say.rule(root);
    find("run").textContent = this.timer === null ? say.run : say.stop;
    const key = state(this.losses, this.grads);
    const words = key === "" ? "" : typeof say[key] === "function" ? say[key](root) : say[key];
    find("descent").textContent = say.updates(this.losses.length - 1, fixed(this.losses[this.losses.length - 1]), root);
    find("descent-state").textContent = words;
    find("descent-state").className = key;
    const points = this.losses.map((y, x) => [x, y]);
    const finite = this.losses.filter(Number.isFinite);
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    const svg = find("losses");
    svg.setAttribute("aria-label", `${root}: ${short(this.losses[0])} → ${short(this.losses[this.losses.length - 1])}`);
    chart(svg, {
      lines: [{ kind: "function", points }], across: say.lossAxis, up: root, logarithmic: low > 0 && high > 1000 * low,
      dots: [{ kind: "here", at: points[points.length - 1] }],
    });
  }
}
