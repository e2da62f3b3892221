// The playground: data, network, output, training and display.
import { chart } from "./chart.js";
import { Example } from "./example.js";
import { firstWeights, network } from "./network.js";
import { fixed, short } from "./numbers.js";
import { OPS } from "./operations.js";
import { PHRASES } from "./phrases.js";
import { Palette, cells, paint, paintPoints, windowOf } from "./planes.js";
import { DATASETS, FEATURES, parsedPoints } from "./points.js";
import { Random } from "./random.js";
import { Tape } from "./tape.js";
import { Trainer, meanLoss } from "./training.js";
import { Wiring } from "./wiring.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);
/** @type {(selector: string) => any[]} */
const all = (selector) => [...document.querySelectorAll(selector)];
const RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.3, 1, 3, 10];
const DECAYS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const MOST_LAYERS = 6;
const MOST_NEURONS = 12;

class PlaygroundPage {
  constructor(content) {
    this.content = content;
    this.ops = OPS;
    this.lossName = content.lossName;
    this.features = [...content.features];
    this.widths = [...content.widths];
    this.activations = [...content.activations];
    this.own = content.points;
    this.source = content.source || "own";
    this.noise = content.noise;
    this.seed = content.seed;
    this.batch = content.batch;
    this.rate = content.rate;
    this.decay = content.decay;
    this.optimiser = content.optimiser;
    this.kind = "L2";
    this.count = content.points.targets.length;
    this.centre = content.centre;
    this.language = navigator.language.startsWith("ja") ? "ja" : "en";
    this.playing = false;
    this.points = content.points;
    this.test = this.source === "own" ? null : this.drawn(this.seed + 1, Math.ceil(this.count / 2));
    this.wiring = new Wiring(this);
    this.example = new Example(this);
    this.paintTheme(content.theme === "auto" ? "" : content.theme, false);
    this.fill();
    this.listen();
    this.restore();
    this.restart(true);
    if (content.record) this.openRecord();
    this.speak();
  }

  get say() {
    return PHRASES[this.language];
  }

  get hidden() {
    return this.widths.length - 1;
  }

  // Data and network

  drawn(seed, count = this.count) {
    const made = DATASETS[this.source](count, this.noise, new Random(seed));
    return this.content.binary ? { ...made, targets: made.targets.map((t) => (t + 1) / 2) } : made;
  }

  /** Return the inputs of the network for points. */
  told(points) {
    return { inputs: points.inputs.map(([x, y]) => this.features.map((name) => FEATURES[name](x, y))), targets: points.targets };
  }

  get asGiven() {
    const { content } = this;
    return JSON.stringify([this.widths, this.activations, this.features, this.seed]) ===
      JSON.stringify([content.widths, content.activations, content.features, content.seed]);
  }

  /** Reset the weights, the order of the examples and the losses. @param {boolean} shape whether the network has another shape */
  restart(shape = false) {
    const { content } = this;
    this.pause();
    const given = this.asGiven;
    if (shape) {
      const same = JSON.stringify([this.widths, this.activations, this.features.length]) ===
        JSON.stringify([content.widths, content.activations, content.features.length]);
      this.graph = same ? content.network : network(this.features.length, this.widths, this.activations, content.loss);
      this.tape = new Tape(this.graph, OPS);
      this.inspected = new Tape(this.graph, OPS);
    }
    const weights = given ? content.parameters : firstWeights(new Random(this.seed), this.features.length, this.widths, this.activations);
    this.tape.setParameters(weights);
    this.data = this.told(this.points);
    this.tested = this.test ? this.told(this.test) : null;
    this.trainer = new Trainer(this.tape, this.data, new Random(this.seed), { optimiser: this.optimiser, rate: this.rate, batch: this.batch,
      decay: this.decay, kind: this.kind, momentum: content.momentum, betas: content.betas, eps: content.eps });
    this.window = windowOf([...this.points.inputs, ...(this.test?.inputs || [])]);
    this.grid = cells(this.window).map(([x, y]) => this.features.map((name) => FEATURES[name](x, y)));
    this.given = this.features.map((_, k) => Float64Array.from(this.grid, (cell) => cell[k]));
    this.maps = this.graph.layers.map((layer) => layer.neurons.map(() => new Float64Array(this.grid.length)));
    this.losses = [];
    this.tests = [];
    if (shape) this.wiring.build();
    this.example.k = -1;
    if (shape) this.example.opened = null;
    this.measure();
    this.showAll();
  }

  measure() {
    const loss = meanLoss(this.tape, this.data);
    this.losses.push([this.trainer.epochs + this.part(), loss]);
    if (this.tested) this.tests.push([this.trainer.epochs + this.part(), meanLoss(this.tape, this.tested)]);
    if (this.losses.length > 2000) {
      this.losses = this.losses.filter((_, k) => k % 2 === 0);
      this.tests = this.tests.filter((_, k) => k % 2 === 0);
    }
    return loss;
  }

  /** Return how much of the current epoch is done. */
  part() {
    const { waiting, data } = this.trainer;
    return waiting.length ? 1 - waiting.length / data.targets.length : 0;
  }

  // Training

  train(epochs, batches = 0) {
    for (let k = 0; k < epochs; k += 1) this.trainer.epoch();
    for (let k = 0; k < batches; k += 1) this.trainer.step();
    if (!Number.isFinite(this.measure())) this.pause();
    this.example.refresh();
  }

  play() {
    if (this.playing) return this.pause();
    this.example.stop();
    if (this.example.active) this.example.pick(-1);
    this.playing = true;
    const frame = () => {
      if (!this.playing) return;
      if (this.recorded) this.forwardRecord();
      else this.train(1);
      this.showAll();
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    this.speakPlay();
    return undefined;
  }

  pause() {
    this.playing = false;
    this.speakPlay();
  }

  resize(layer, by) {
    this.widths[layer] = Math.max(1, Math.min(MOST_NEURONS, this.widths[layer] + by));
    this.leaveRecord();
    this.restart(true);
    this.tell();
  }

  deepen(by) {
    if (by > 0 && this.hidden < MOST_LAYERS) {
      this.widths.splice(this.hidden, 0, this.widths[this.hidden - 1] ?? 4);
      this.activations.splice(Math.max(0, this.hidden - 1), 0, this.activations[0] === "linear" ? "tanh" : this.activations[0]);
    }
    if (by < 0 && this.hidden > 0) {
      this.widths.splice(this.hidden - 1, 1);
      this.activations.splice(Math.max(0, this.activations.length - 2), 1);
    }
    this.leaveRecord();
    this.restart(true);
  }

  // A recorded training

  openRecord() {
    const { record } = this.content;
    const bytes = Uint8Array.from(atob(record.parameters), (letter) => letter.charCodeAt(0));
    this.recorded = { ...record, numbers: new Float32Array(bytes.buffer) };
    find("recorded").hidden = false;
    find("update").max = String(record.updates.length - 1);
    this.showRecord(record.updates.length - 1);
  }

  leaveRecord() {
    this.recorded = null;
    find("recorded").hidden = true;
    this.speakPlay();
  }

  showRecord(k) {
    const count = this.graph.parameters.length;
    this.recorded.at = k;
    this.tape.setParameters(this.recorded.numbers.subarray(k * count, (k + 1) * count));
    find("update").value = String(k);
    find("update-told").textContent = String(this.recorded.updates[k]);
    this.example.refresh();
  }

  forwardRecord() {
    const { at, updates } = this.recorded;
    this.showRecord(at + 1 < updates.length ? at + 1 : 0);
    if (this.recorded.at === updates.length - 1) this.pause();
  }

  // Showing

  /** Compute the output of every neuron over the plane. */
  sweep() {
    const { tape, graph, maps, grid } = this;
    grid.forEach((cell, k) => {
      tape.predict(cell);
      graph.layers.forEach((layer, l) => layer.neurons.forEach((neuron, j) => { maps[l][j][k] = tape.values[neuron.out]; }));
    });
  }

  showAll() {
    if (!this.maps) return;
    this.sweep();
    this.wiring.showLines();
    this.wiring.showMaps(this.maps, this.given);
    const output = this.maps[this.maps.length - 1][0];
    const last = this.wiring.neurons[this.wiring.neurons.length - 1][0].canvas;
    paint(last, output, this.palette, this.centre, this.centre || 1);
    paintPoints(find("plane"), last, this.points, this.window, this.palette, { centre: this.centre, chosen: this.example.k, test: this.test });
    this.wiring.showExample();
    this.example.showCard();
    this.example.speak();
    this.showLosses();
    find("epochs").textContent = String(this.trainer.epochs);
  }

  showLosses() {
    const { say, recorded } = this;
    const last = (list) => (list.length ? fixed(list[list.length - 1][1]) : "");
    const right = this.data.inputs.filter((row, k) => this.tape.predict(row) > this.centre === this.data.targets[k] > this.centre).length;
    const classes = this.points.targets.every((t) => [-1, 0, 1].includes(t));
    const loss = recorded ? fixed(meanLoss(this.tape, this.data)) : last(this.losses);
    const parts = say.loss(this.lossName, loss, recorded ? "" : last(this.tests), classes ? `${Math.round((100 * right) / this.points.targets.length)} %` : "");
    find("loss-told").replaceChildren(...parts.map((text, k) => {
      const span = document.createElement("span");
      span.textContent = text;
      if (k === 1 || k === 3) span.className = k === 1 ? "train" : "test";
      return span;
    }));
    find("told").textContent = Number.isFinite(Number(this.losses[this.losses.length - 1]?.[1])) ? "" : say.diverged;
    const svg = find("losses");
    svg.setAttribute("aria-label", find("loss-told").textContent);
    if (recorded) {
      const now = recorded.losses.filter(([k]) => k <= Math.max(1, recorded.updates[recorded.at]));
      chart(svg, { lines: [{ kind: "function", points: recorded.losses }], dots: [{ kind: "here", at: now[now.length - 1] }], across: say.update });
      const lengths = Object.values(recorded.errors);
      find("errors").setAttribute("aria-label", say.errors);
      chart(find("errors"), { lines: lengths.map((points, k) => ({ kind: `layer${k % 3}`, points })), across: say.update });
    } else {
      chart(svg, { lines: [{ kind: "test", points: this.tests }, { kind: "function", points: this.losses }], across: say.lossAxis });
    }
  }

  speak() {
    const { say } = this;
    document.documentElement.lang = this.language;
    for (const item of all("[data-word]")) item.textContent = say[item.dataset.word];
    for (const item of all("[data-label]")) item.setAttribute("aria-label", say[item.dataset.label]);
    find("plane").setAttribute("aria-label", say.planeLabel);
    this.speakPlay();
    this.tell();
    this.wiring.speak();
    find("theme").textContent = this.theme === "dark" ? say.light : say.dark;
    this.showAll();
  }

  speakPlay() {
    find("play").textContent = this.playing ? this.say.pause : this.recorded ? this.say.run : this.say.play;
  }

  /** Return the settings of the controls. */
  tell() {
    find("title").textContent = [this.features.length, ...this.widths].join(" → ");
    document.title = `playground: ${find("title").textContent}`;
    find("hidden-told").textContent = this.say.hidden(this.hidden);
    const made = this.source !== "own";
    for (const [id, value, told] of [["noise", this.noise, this.noise.toFixed(2)], ["points", this.count, this.count], ["batch", this.batch || this.count, this.batch || this.count]]) {
      find(id).value = String(value);
      find(`${id}-told`).textContent = String(told);
    }
    for (const id of ["noise", "points", "again"]) find(id).disabled = !made;
    for (const button of [...find("sets").children]) button.setAttribute("aria-checked", String(button.dataset.set === this.source));
    for (const box of find("features").querySelectorAll("input")) box.checked = this.features.includes(box.value);
    for (const [id, value] of [["rate", this.rate], ["decay", this.decay], ["optimiser", this.optimiser], ["kind", this.kind], ["activation", this.activations[0]]]) {
      const select = find(id);
      if (![...select.options].some((option) => option.value === String(value))) select.add(new Option(String(value), String(value)));
      select.value = String(value);
    }
    this.remember();
  }

  // The address

  remember() {
    const kept = { set: this.source, noise: this.noise, n: this.count, batch: this.batch, rate: this.rate, opt: this.optimiser, act: this.activations[0], kind: this.kind,
      decay: this.decay, widths: this.widths.join("-"), features: this.features.map((name) => Object.keys(FEATURES).indexOf(name)).join("-"), seed: this.seed, lang: this.languageChosen ?? "", theme: this.themeChosen };
    try {
      history.replaceState(null, "", `#${Object.entries(kept).filter(([, x]) => x !== "").map(([key, x]) => `${key}=${x}`).join("&")}`);
    } catch {
      // A page in an iframe has no address of its own.
    }
  }

  restore() {
    const asked = new Map(location.hash.slice(1).split("&").map((part) => /** @type {[string, string]} */ (part.split("="))));
    const number = (key, low, high) => {
      const x = Number(asked.get(key));
      return asked.has(key) && Number.isFinite(x) && x >= low && x <= high ? x : null;
    };
    if (asked.get("set") in DATASETS) this.source = asked.get("set");
    for (const [key, name, low, high] of [["noise", "noise", 0, 0.5], ["n", "count", 20, 500], ["batch", "batch", 0, 500], ["rate", "rate", 1e-6, 10], ["decay", "decay", 0, 1], ["seed", "seed", 0, 1e9]]) {
      this[name] = number(key, low, high) ?? this[name];
    }
    if (["SGD", "Adam"].includes(asked.get("opt"))) this.optimiser = asked.get("opt");
    if (["L1", "L2"].includes(asked.get("kind"))) this.kind = asked.get("kind");
    const features = (asked.get("features") || "").split("-").map((k) => Object.keys(FEATURES)[Number(k)]).filter(Boolean);
    if (asked.has("features") && features.length) this.features = features;
    const widths = (asked.get("widths") || "").split("-").map(Number);
    if (asked.has("widths") && widths.length <= MOST_LAYERS + 1 && widths.every((x) => Number.isInteger(x) && x > 0 && x <= MOST_NEURONS) && widths[widths.length - 1] === 1) {
      this.widths = widths;
      this.activations = [...widths.slice(1).map(() => this.activations[0]), this.activations[this.activations.length - 1]];
    }
    if (this.content.known.includes(asked.get("act"))) this.activations = this.activations.map((each, k) => (k < this.hidden ? asked.get("act") : each));
    if (asked.get("lang") in PHRASES) [this.language, this.languageChosen] = [asked.get("lang"), asked.get("lang")];
    if (["light", "dark"].includes(asked.get("theme"))) this.paintTheme(asked.get("theme"), false);
    const other = this.source !== (this.content.source || "own") || this.noise !== this.content.noise || this.seed !== this.content.seed || this.count !== this.content.points.targets.length;
    if (other && this.source !== "own") this.newPoints();
  }

  newPoints() {
    this.points = this.source === "own" ? this.own : this.drawn(this.seed);
    this.test = this.source === "own" ? null : this.drawn(this.seed + 1, Math.ceil(this.count / 2));
  }

  async copy() {
    let done = true;
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      done = false;
    }
    find("told").textContent = done ? this.say.copied : this.say.notCopied;
  }

  paintTheme(theme, chosen = true) {
    this.themeChosen = chosen ? theme : this.themeChosen ?? "";
    this.theme = theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    document.documentElement.dataset.theme = this.theme;
    this.palette = new Palette();
    if (chosen) this.speak();
  }

  // Controls

  fill() {
    for (const rate of RATES) find("rate").add(new Option(String(rate)));
    for (const decay of DECAYS) find("decay").add(new Option(String(decay)));
    for (const name of this.content.known) find("activation").add(new Option(name));
    for (const name of Object.keys(FEATURES)) {
      const label = document.createElement("label");
      const box = document.createElement("input");
      Object.assign(box, { type: "checkbox", value: name });
      box.addEventListener("change", () => this.choose(name, box.checked));
      label.append(box, name);
      find("features").append(label);
    }
    const sets = [...Object.keys(DATASETS), ...(this.content.source ? [] : ["own"])];
    for (const name of sets) this.addSet(name);
  }

  addSet(name) {
    const button = document.createElement("button");
    const canvas = document.createElement("canvas");
    button.type = "button";
    button.setAttribute("role", "radio");
    button.dataset.set = name;
    button.append(canvas, name);
    button.addEventListener("click", () => {
      [this.source, this.seed] = [name, this.content.seed];
      if (name !== "own" && name !== this.content.source) this.noise = 0.1;
      this.renew();
    });
    find("sets").append(button);
    const points = name === "own" ? this.own : DATASETS[name](80, name === "spirals" ? 0.02 : 0.05, new Random(0));
    requestAnimationFrame(() => paintPoints(canvas, null, points, windowOf(points.inputs), this.palette, { radius: 2.2, centre: name === "own" ? this.centre : 0 }));
  }

  renew() {
    this.leaveRecord();
    this.newPoints();
    this.restart();
    this.tell();
  }

  choose(name, on) {
    const wanted = Object.keys(FEATURES).filter((each) => (each === name ? on : this.features.includes(each)));
    if (wanted.length) this.features = wanted;
    this.leaveRecord();
    this.restart(true);
    this.tell();
  }

  async readFile(file) {
    const found = parsedPoints(await file.text());
    if (!found.targets.length) {
      find("told").textContent = this.say.notPoints;
      return;
    }
    const labels = [...new Set(found.targets)].sort((a, b) => a - b);
    const low = this.content.binary ? 0 : -1;
    if (labels.length === 2) found.targets = found.targets.map((t) => (t === labels[0] ? low : 1));
    this.own = found;
    if (!find("sets").querySelector('[data-set="own"]')) this.addSet("own");
    this.source = "own";
    this.renew();
  }

  listen() {
    const settings = (id, name, read) => find(id).addEventListener("change", () => {
      this[name] = read(find(id).value);
      this.trainer.settings[name] = this[name];
      this.tell();
      this.showAll();
    });
    settings("rate", "rate", Number);
    settings("decay", "decay", Number);
    settings("kind", "kind", String);
    find("optimiser").addEventListener("change", () => {
      this.optimiser = find("optimiser").value;
      this.restart();
      this.tell();
    });
    find("activation").addEventListener("change", () => {
      this.activations = this.activations.map((each, k) => (k < this.hidden ? find("activation").value : each));
      this.leaveRecord();
      this.restart(true);
      this.tell();
    });
    find("batch").addEventListener("input", () => {
      this.batch = Number(find("batch").value);
      this.trainer.settings.batch = this.batch;
      this.tell();
    });
    find("noise").addEventListener("input", () => { this.noise = Number(find("noise").value); this.renew(); });
    find("points").addEventListener("input", () => { this.count = Number(find("points").value); this.renew(); });
    find("again").addEventListener("click", () => { this.seed += 1; this.renew(); });
    find("file").addEventListener("change", () => find("file").files[0] && this.readFile(find("file").files[0]));
    find("update").addEventListener("input", () => { this.pause(); this.showRecord(Number(find("update").value)); this.showAll(); });
    const once = (epochs, batches) => () => {
      this.pause();
      this.leaveRecord();
      this.train(epochs, batches);
      this.showAll();
    };
    const toggle = () => this.paintTheme(this.theme === "dark" ? "light" : "dark");
    const buttons = { reset: () => { this.leaveRecord(); this.restart(); }, play: () => this.play(), one: once(0, 1), epoch: once(1, 0), theme: toggle, copy: () => this.copy(),
      fewer: () => { this.deepen(-1); this.tell(); }, more: () => { this.deepen(1); this.tell(); },
      language: () => { this.language = this.language === "en" ? "ja" : "en"; this.languageChosen = this.language; this.wiring.build(); this.speak(); } };
    for (const [id, action] of Object.entries(buttons)) find(id).addEventListener("click", action);
    const keys = { " ": buttons.play, s: buttons.one, e: buttons.epoch, r: buttons.reset, t: toggle };
    document.addEventListener("keydown", (/** @type {any} */ event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
      if (event.key === " " && event.target.closest("button")) return;
      if (event.key === "Escape" && this.example.opened) this.example.open(...this.example.opened);
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    find("plane").addEventListener("click", (event) => {
      const box = find("plane").getBoundingClientRect();
      const { window } = this;
      const x = window.left + ((event.clientX - box.left) / box.width) * window.size;
      const y = window.low + (1 - (event.clientY - box.top) / box.height) * window.size;
      const far = this.points.inputs.map(([a, b]) => Math.hypot(a - x, b - y));
      this.example.pick(far.indexOf(Math.min(...far)));
    });
    find("plane").addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      this.example.pick((this.example.k + by + this.points.targets.length) % this.points.targets.length);
    });
    addEventListener("resize", () => this.showAll());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => !this.themeChosen && this.content.theme === "auto" && this.paintTheme("", true));
  }
}

/** The page's object, for the console and for tests. */
globalThis.playground = new PlaygroundPage(JSON.parse(find("data").textContent));
