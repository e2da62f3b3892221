// One example: its forward pass, its backward pass and the update; any neuron can be opened in place.
import { fixed, short } from "./numbers.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);
const PACE = 1300; // milliseconds for each stage while playing

export class Example {
  constructor(app) {
    this.app = app;
    this.k = -1;
    this.stage = 0;
    this.opened = null;
    this.timer = null;
    const hand = (action) => () => {
      this.stop();
      action();
    };
    find("first").addEventListener("click", hand(() => this.go(0)));
    find("back").addEventListener("click", hand(() => this.go(this.stage - 1)));
    find("forth").addEventListener("click", hand(() => this.go(this.stage + 1)));
    find("close").addEventListener("click", hand(() => this.pick(-1)));
    find("run").addEventListener("click", () => this.run());
    find("picked").addEventListener("change", () => this.pick(Number(find("picked").value)));
  }

  get depth() {
    return this.app.graph.layers.length;
  }

  /** Stages: 0 inputs, 1 to depth forward, then the loss, the backward pass, the update, and its result. */
  get last() {
    return 2 * this.depth + 3;
  }

  get active() {
    return this.k >= 0;
  }

  pick(k) {
    this.stop();
    this.app.pause();
    this.k = k >= 0 && k < this.app.data.targets.length ? k : -1;
    this.stage = 0;
    this.undo = null;
    this.compute();
    this.app.showAll();
  }

  /** Run forward and backward pass of the example, on a separate tape. */
  compute() {
    const { app } = this;
    if (!this.active) return;
    app.inspected.setParameters(this.undo?.parameters ?? app.tape.parameters);
    app.inspected.zero();
    this.loss = app.inspected.loss(app.data.inputs[this.k], app.data.targets[this.k]);
    app.inspected.backward();
    this.values = Float64Array.from(app.inspected.values);
    this.grads = Float64Array.from(app.inspected.grads);
  }

  go(stage) {
    if (!this.active) return;
    const to = Math.max(0, Math.min(this.last, stage));
    const { app } = this;
    if (to === this.last && this.stage < this.last) {
      this.undo = { parameters: app.tape.parameters, loss: this.loss };
      const { parameters } = app.graph;
      app.tape.setParameters(parameters.map((node) => this.values[node] - app.trainer.settings.rate * this.grads[node]));
      this.after = app.tape.loss(app.data.inputs[this.k], app.data.targets[this.k]);
    } else if (to < this.last && this.stage === this.last && this.undo) {
      app.tape.setParameters(this.undo.parameters);
      this.undo = null;
    }
    this.stage = to;
    app.showAll();
  }

  run() {
    if (this.timer !== null) {
      this.stop();
      return;
    }
    if (!this.active) this.pick(0);
    if (this.stage >= this.last - 1) this.go(0);
    this.timer = setInterval(() => (this.stage < this.last - 1 ? this.go(this.stage + 1) : this.stop()), PACE);
    this.speak();
  }

  stop() {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.speak();
  }

  /** The network has changed, and with it the numbers of the example. */
  refresh() {
    if (!this.active) return;
    if (this.k >= this.app.data.targets.length) this.k = -1;
    this.undo = null;
    this.stage = Math.min(this.stage, this.last - 1);
    this.compute();
  }

  // What the current stage has reached

  forwarded(layer) {
    return this.stage > layer;
  }

  backed(layer) {
    return this.stage >= this.depth + 2 + (this.depth - 1 - layer);
  }

  /** Return a function for the gradient of a line's weight, null before the pass has reached it; or null. */
  lines() {
    if (!this.active || this.stage <= this.depth + 1) return null;
    return (line) => (this.backed(line.l) ? this.grads[line.node] : null);
  }

  numbers() {
    if (!this.active) return null;
    const { graph } = this.app;
    return (layer, k) => {
      if (layer < 0) return { value: this.values[graph.inputs[k]], lit: this.stage === 0 };
      const { out } = graph.layers[layer].neurons[k];
      const found = { lit: this.stage === layer + 1 || this.stage === this.depth + 2 + (this.depth - 1 - layer) };
      if (this.forwarded(layer)) found.value = this.values[out];
      if (this.backed(layer)) found.error = this.grads[out];
      return found;
    };
  }

  speak() {
    const { app } = this;
    const { say, data } = app;
    find("run").textContent = this.timer === null ? say.run : say.pause;
    find("picked").max = String(data.targets.length - 1);
    if (document.activeElement !== find("picked")) find("picked").value = this.active ? String(this.k) : "";
    for (const [id, on] of /** @type {[string, boolean][]} */ ([["first", this.active && this.stage > 0], ["back", this.active && this.stage > 0],
      ["forth", this.active && this.stage < this.last], ["close", this.active]])) find(id).setAttribute("aria-disabled", String(!on));
    const [story, formula] = this.story();
    if (find("story").textContent !== story) find("story").textContent = story;
    find("formula-story").textContent = formula;
  }

  story() {
    const { app, stage, depth } = this;
    const { say, graph, data } = app;
    if (!this.active || !this.values) return [say.pick, ""];
    const { values, grads } = this;
    const target = fixed(data.targets[this.k]);
    if (stage === 0) return [say.stageInputs(this.k, target), app.features.map((name, k) => `${name} = ${fixed(values[graph.inputs[k]])}`).join(",  ")];
    if (stage <= depth) {
      const neuron = graph.layers[stage - 1].neurons[0];
      return [say.stageForward(stage), `z = Σ w·x + b = ${fixed(values[neuron.sum])} + ${fixed(values[neuron.bias])} = ${fixed(values[neuron.total])},  ${graph.layers[stage - 1].activation}(z) = ${fixed(values[neuron.out])}`];
    }
    if (stage === depth + 1) return [say.stageLoss(fixed(values[graph.output]), target, fixed(this.loss)), `${app.lossName}:  ∂loss/∂output = ${fixed(grads[graph.output], true)}`];
    if (stage <= 2 * depth + 1) {
      const layer = 2 * depth + 1 - stage;
      const neuron = graph.layers[layer].neurons[0];
      return [say.stageBackward(layer + 1), `δ = ${fixed(grads[neuron.out], true)} × ${fixed(this.slope(neuron), true)} = ${fixed(grads[neuron.total], true)};  ∂loss/∂w = δ × x`];
    }
    if (stage === 2 * depth + 2) return [say.stageUpdate(app.trainer.settings.rate), ""];
    return [say.updated(fixed(this.undo?.loss ?? this.loss), fixed(this.after)), ""];
  }

  /** Return the derivative of a neuron's activation at its sum. */
  slope(neuron) {
    if (neuron.out === neuron.total) return 1;
    const op = this.app.ops[this.app.graph.nodes[neuron.out].op];
    return op.partials(this.values[neuron.total], this.values[neuron.out])[0];
  }

  // A neuron, opened

  /** Place it beside the neuron: to its right if there is room, else to its left. */
  placeCard(card, { button }) {
    const [frame, at] = [find("middle").getBoundingClientRect(), button.getBoundingClientRect()];
    const [right, left] = [at.right - frame.left + 10, at.left - frame.left - 10 - card.offsetWidth];
    const x = right + card.offsetWidth <= frame.width - 4 ? right : Math.max(4, left);
    const y = at.top + at.height / 2 - frame.top - card.offsetHeight / 2;
    card.style.left = `${x}px`;
    card.style.top = `${Math.max(4, Math.min(frame.height - card.offsetHeight - 4, y)) + find("middle").scrollTop}px`;
  }

  isOpen(layer, k) {
    return this.opened !== null && this.opened[0] === layer && this.opened[1] === k;
  }

  open(layer, k) {
    this.opened = layer < 0 || this.isOpen(layer, k) ? null : [layer, k];
    this.app.showAll();
  }

  showCard() {
    const { app } = this;
    const card = find("card");
    const layer = this.opened ? app.graph.layers[this.opened[0]] : null;
    const neuron = layer?.neurons[this.opened[1]];
    card.hidden = !neuron;
    if (!neuron) return;
    const { say, graph, tape } = app;
    const l = this.opened[0];
    const title = document.createElement("h2");
    title.textContent = say.neuronOf(l + 1, this.opened[1] + 1);
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", say.close);
    close.addEventListener("click", () => this.open(...this.opened));
    card.setAttribute("aria-label", title.textContent);
    const [values, grads] = this.active ? [this.values, this.grads] : [tape.values, null];
    const on = this.active && this.forwarded(l);
    const back = this.active && this.backed(l);
    const rate = app.trainer.settings.rate;
    const names = l ? graph.layers[l - 1].neurons.map((_, j) => `h${l}.${j + 1}`) : app.features;
    const before = l ? graph.layers[l - 1].neurons.map((each) => each.out) : graph.inputs;
    const table = document.createElement("table");
    const row = (cells, kind = "td") => {
      const made = table.insertRow();
      for (const text of cells) {
        const cell = document.createElement(kind);
        cell.textContent = text;
        made.append(cell);
      }
    };
    row(say.columns, "th");
    const dot = "·";
    const seen = this.active && this.forwarded(l - 1);
    neuron.weights.forEach((w, j) => row([names[j], seen ? fixed(values[before[j]]) : dot, fixed(values[w]),
      on ? fixed(values[w] * values[before[j]], true) : dot, back ? fixed(grads[w], true) : dot, back ? fixed(values[w] - rate * grads[w]) : dot]));
    row([say.bias, "", fixed(values[neuron.bias]), on ? fixed(values[neuron.bias], true) : dot, back ? fixed(grads[neuron.bias], true) : dot,
      back ? fixed(values[neuron.bias] - rate * grads[neuron.bias]) : dot]);
    const lines = document.createElement("p");
    lines.textContent = !this.active ? say.needsExample : [
      on ? `${say.sum} = ${fixed(values[neuron.total])}` : "", on ? `${say.out(layer.activation)} = ${fixed(values[neuron.out])}` : "",
      back ? `${say.error} = ${fixed(grads[neuron.out], true)}` : "", back ? `${say.slope} = ${short(this.slope(neuron), true)}` : "",
      back ? `${say.delta} = ${fixed(grads[neuron.total], true)}` : "",
    ].filter(Boolean).join("  ·  ");
    card.replaceChildren(title, close, table, lines);
    this.placeCard(card, app.wiring.neurons[l][this.opened[1]]);
  }
}
