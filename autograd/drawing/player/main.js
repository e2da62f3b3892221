// The page: connects its parts, and moves through the pass.
import { read, written } from "./address.js";
import { listen } from "./controls.js";
import { Descend } from "./descend.js";
import { Editing } from "./editing.js";
import { expression } from "./formulas.js";
import { Graph, paths } from "./graph.js";
import { One, asSum } from "./one.js";
import { Opened } from "./opened.js";
import { OPS } from "./operations.js";
import { Panel } from "./panel.js";
import { Picture } from "./picture.js";
import { Values } from "./values.js";
import { Viewing } from "./viewing.js";
import { LANGUAGES } from "./words.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);
/** @type {(selector: string) => any[]} */
const all = (selector) => [...document.querySelectorAll(selector)];
const PACE = 900; // milliseconds for each step while playing
const LARGE = 150; // from this number of boxes on, only visible ones are updated
const OVERVIEW = 40; // from this number of boxes on, a zoomed picture has an overview

class App {
  constructor(data) {
    this.data = data;
    this.graph = new Graph(data, OPS);
    this.now = data.opening;
    this.timer = null;
    this.chosen = null;
    this.language = data.language || (navigator.language.startsWith("ja") ? "ja" : "en");
    this.languageChosen = "";
    this.themeChosen = "";
    const svg = find("stage").querySelector("svg");
    this.picture = new Picture(svg, this.graph, data.folded);
    this.viewing = new Viewing(find("stage"), svg, { change: () => this.moved(), press: (target) => this.press(target) });
    this.editing = new Editing(this);
    this.panel = new Panel(this);
    this.values = new Values(this);
    this.one = new One(this);
    this.opened = new Opened(this);
    this.descend = new Descend(this);
    this.editing.attachPicture(this.picture);
    const boxes = [...this.picture.boxes.values()].flat();
    if (boxes.length >= OVERVIEW) this.viewing.addOverview(find("overview"), boxes.map((box) => box.bounds));
    listen(this);
    this.paint(data.theme === "auto" ? "" : data.theme);
    this.restore(true);
  }

  get say() {
    return LANGUAGES[this.language];
  }

  // Showing

  show(announce) {
    const { now } = this;
    const hidden = this.panel.hidden;
    this.picture.show(now, hidden);
    this.values.show(now, hidden);
    this.opened.show();
    this.panel.show(announce);
    this.one.show();
    find("slider").min = String(this.graph.first);
    find("slider").max = String(this.graph.last);
    find("slider").value = String(now);
    find("slider").setAttribute("aria-valuetext", find("when").textContent);
    find("position").textContent = this.position();
    this.enable(["first", "back"], now > this.graph.first);
    this.enable(["end", "step"], now < this.graph.last);
    this.enable(["reset"], this.graph.edited.size > 0);
    this.remember();
  }

  position() {
    const { now, graph } = this;
    if (now === graph.last) return `${graph.count} / ${graph.count}`;
    return now < 0 ? `→ ${now - graph.first} / ${graph.computed.length}` : `← ${now} / ${graph.count}`;
  }

  /** Disable a button without taking away its focus. */
  enable(ids, possible) {
    for (const id of ids) find(id).setAttribute("aria-disabled", String(!possible));
  }

  /** Set all texts of the page in the chosen language. */
  speak() {
    const { say, graph } = this;
    document.documentElement.lang = this.language;
    for (const item of all("[data-word]")) item.textContent = say[item.dataset.word];
    for (const item of all("[data-label]")) item.setAttribute("aria-label", say[item.dataset.label]);
    this.picture.svg.setAttribute("aria-label", say.picture);
    find("find").placeholder = `${say.find} ( / )`;
    this.values.speak();
    this.legend();
    find("frozen").textContent = graph.frozen ? say.frozen(graph.frozen) : "";
    this.paintWord();
    find("play").textContent = this.timer === null ? say.play : say.pause;
  }

  /** Update what is visible. */
  legend() {
    const on = (selector) => this.picture.svg.querySelector(selector) !== null;
    const partials = this.graph.steps.slice(1);
    const needed = {
      leaf: true, root: true, constant: on("g.node.constant"), pos: true, neg: partials.some((step) => step.contribution < 0),
      zero: partials.some((step) => step.contribution === 0), size: [...this.picture.lines.values()].some((line) => line.members.length > 1), width: true, now: true,
      labels: on("g.edge.value .flow") || this.picture.listed.size > 0, waiting: this.graph.expected.some((count) => count > 1),
      sum: this.graph.expected.some((count) => count > 1), dot: true, in: true, outside: this.graph.outside.size > 0,
    };
    find("legend").replaceChildren(...Object.entries(this.say.legendOf).filter(([key]) => needed[key]).map(([key, [sign, words]]) => {
      const item = document.createElement("li");
      const mark = document.createElement("b");
      mark.className = `sign ${key}`;
      mark.textContent = sign;
      item.append(mark, ` ${words}`);
      return item;
    }));
  }

  // Moving

  go(target, announce = true, follow = true) {
    this.now = Math.max(this.graph.first, Math.min(this.graph.last, target));
    this.show(announce);
    if (!follow) return;
    const step = this.graph.steps[this.now];
    const computed = this.now < -1 ? this.graph.computedAt(this.now) : null;
    if (computed !== null) this.viewing.keepInView(this.picture.around([computed]));
    if (!step) return;
    const ends = step.edge ? [step.receiver, step.edge.result] : [step.receiver];
    this.viewing.keepInView(this.picture.around(ends), this.picture.around([step.receiver]));
  }

  /** Return whether a moment looks different from the one before it. */
  tells(moment) {
    const step = this.graph.steps[moment];
    if (step) return this.picture.visible(step) || this.opened.holds(step);
    const k = moment < -1 ? this.graph.computedAt(moment) : null;
    const group = k === null ? null : this.picture.inside.get(k);
    return !group || this.picture.boxes.has(this.graph.nodes[k].id) || group.outputs.includes(k) || group === this.opened.group;
  }

  step(by) {
    let to = this.now + by;
    while (to > this.graph.first && to < this.graph.last && !this.tells(to)) to += by;
    this.go(to, this.timer === null);
  }

  operation(moment) {
    return this.graph.steps[moment]?.edge?.result ?? null;
  }

  nextOperation() {
    let to = this.now + 1;
    while (to >= 0 && to < this.graph.count && this.operation(to + 1) === this.operation(to)) to += 1;
    this.go(to);
  }

  previousOperation() {
    let to = this.now - 1;
    while (to > -1 && this.now !== this.graph.last && this.operation(to) === this.operation(to + 1)) to -= 1;
    this.go(to);
  }

  /** Go to the moment at which a value's gradient is complete. */
  jump(k) {
    this.stop();
    this.select(k);
    const step = this.graph.arrivals[k];
    if (step.length) this.go(step[step.length - 1]);
  }

  /** Go to a value that was searched for, zoomed in enough to read it. */
  visit(k) {
    this.jump(k);
    const box = this.picture.around([k]);
    if (box && this.viewing.scale() < 0.5) this.viewing.zoom(this.viewing.scale() / 0.9, { x: box.x, y: box.y });
    this.viewing.keepInView(box);
  }

  play() {
    if (this.timer !== null) {
      this.stop();
      return;
    }
    if (this.now >= this.graph.last) this.go(this.graph.first);
    this.timer = setInterval(() => (this.now < this.graph.last ? this.step(1) : this.stop()), PACE);
    find("play").textContent = this.say.pause;
  }

  stop() {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    find("play").textContent = this.say.play;
    this.panel.show(true);
  }

  // Numbers

  /** @param {[number, number][]} changes */
  edit(changes) {
    if (this.graph.frozen) return;
    this.stop();
    const before = this.graph.count;
    const outside = this.graph.outside.size;
    this.graph.edit(changes);
    if (this.now > before) this.now = this.graph.last;
    this.now = Math.min(this.now, this.graph.last);
    this.show(false);
    if (outside !== this.graph.outside.size) this.legend();
    this.descend.edited();
  }

  reset() {
    if (!this.graph.edited.size) return;
    this.descend.halt();
    this.edit([...this.graph.edited.keys()].map((k) => [k, this.graph.recorded.data[k]]));
  }

  // One value

  select(k) {
    if (this.chosen === k) return;
    for (const [node, on] of [[this.chosen, false], [k, true]]) {
      const boxes = node === null ? [] : this.picture.boxesOf(node);
      for (const box of boxes) box.group.classList.toggle("selected", on);
    }
    this.chosen = k;
    this.one.select(k);
    this.remember();
  }

  /** Return the leaf with the largest gradient, which is chosen at first. */
  steepest() {
    const size = (k) => Math.abs(this.graph.gradientOf(k)) || 0;
    return this.graph.leaves.reduce((a, b) => (size(b) > size(a) ? b : a), this.graph.leaves[0]);
  }

  /** Highlight a value's paths to the root, with their sum; null for none. */
  trace(k) {
    if (k === null || this.graph.nodes[k].op) {
      this.light([]);
      return;
    }
    const found = paths(this.graph, k, 4);
    this.light(this.reachable(k));
    const name = this.graph.nodes[k].name;
    find("traced").textContent = found.count && this.panel.hidden === null ? `${name}: ${asSum(found, this.graph.gradientOf(k))}` : "";
  }

  /** Return all edges on paths from a value to the root. */
  reachable(from) {
    const seen = new Set([from]);
    return [...this.graph.edges].reverse().filter((edge) => seen.has(edge.operand) && seen.add(edge.result));
  }

  light(edges) {
    this.picture.highlight(edges);
    find("traced").textContent = "";
  }

  press(target) {
    const group = target.closest?.("g.line, g.edge, g.node");
    if (!group) return;
    this.stop();
    const listed = this.picture.listed.get(group.dataset.edge);
    if (listed?.flow) {
      this.go(this.graph.stepOf.get(group.dataset.edge) ?? this.now);
      return;
    }
    const folded = this.data.folded.find((each) => each.id === group.id);
    if (folded) {
      this.opened.toggle(folded);
      const done = Math.max(...folded.outputs.flatMap((k) => this.graph.arrivals[k]), -1);
      if (done >= 0) this.go(done);
      return;
    }
    const line = this.picture.lines.get(group.id);
    const steps = line ? line.members.map((edge) => this.graph.stepOf.get(edge.id) ?? -1) : [];
    if (steps.length) this.go(Math.max(...steps));
    const k = this.graph.nodes.findIndex((node) => node.id === (group.dataset.value || group.id));
    if (!line && k >= 0) this.jump(k);
  }

  moved() {
    this.enable(["fit"], !this.viewing.whole);
    this.opened?.place();
    if (!this.ready) return;
    if (this.picture.boxes.size > LARGE) {
      this.picture.sight = this.viewing.sight();
      this.picture.show(this.now, this.panel.hidden);
    }
    this.remember();
  }

  // The address

  get kept() {
    const { x, y, width, height } = this.viewing.view;
    return { moment: this.now, edits: [...this.graph.edited], view: this.viewing.whole ? null : [x, y, width, height],
      theme: this.themeChosen, language: this.languageChosen, chosen: this.chosen };
  }

  remember() {
    if (!this.ready) return;
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => this.write(), 60); // browsers reject an address that changes too often
  }

  write() {
    clearTimeout(this.remembering);
    if (location.hash !== this.address) return; // changed by the user: it will be read
    this.address = written(this.kept);
    try {
      history.replaceState(null, "", this.address);
      this.address = location.hash;
    } catch {
      this.address = location.hash;
      // A page in an iframe (srcdoc) has no address of its own, so nothing is kept there.
    }
  }

  restore(first = false) {
    const asked = read(location.hash);
    if (!first && location.hash === this.address) return;
    this.address = location.hash;
    this.stop();
    if (asked.theme) this.paint(asked.theme);
    if (asked.language) [this.language, this.languageChosen] = [asked.language, asked.language];
    this.speak();
    const edits = asked.edits.filter(([k]) => this.graph.leaves.includes(k));
    if (edits.length) this.graph.edit(edits);
    this.now = Math.max(this.graph.first, Math.min(this.graph.last, asked.moment ?? (first ? this.data.opening : this.now)));
    if (asked.chosen !== null && this.graph.nodes[asked.chosen]) this.select(asked.chosen);
    else if (first) this.one.select(this.steepest());
    if (asked.view) this.viewing.look({ x: asked.view[0], y: asked.view[1], width: asked.view[2], height: asked.view[3] });
    else if (first) {
      this.viewing.look(this.viewing.view);
      this.viewing.beginReadable();
    }
    this.ready = true;
    this.moved();
    this.go(this.now, false, !asked.view);
    if (!asked.view && !this.graph.steps[this.now]) this.viewing.keepInView(this.picture.around([this.graph.root]));
    this.descend.edited();
  }

  async copy() {
    this.write();
    let done = true;
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      done = false;
    }
    find("told").textContent = done ? this.say.copied : this.say.notCopied;
    setTimeout(() => { find("told").textContent = ""; }, 4000);
  }

  /** Return the current view as an SVG file, in the current theme's colours. */
  drawing() {
    this.picture.sight = null;
    this.picture.show(this.now, this.panel.hidden);
    const svg = /** @type {SVGSVGElement} */ (this.picture.svg.cloneNode(true));
    for (const grip of svg.querySelectorAll(".grip")) grip.remove();
    const { x, y, width, height } = this.viewing.view;
    svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    svg.removeAttribute("style");
    const style = getComputedStyle(document.documentElement);
    const rules = find("picture-style").textContent;
    const names = [...new Set((rules + svg.outerHTML).match(/--[a-z-]+/g))];
    const made = document.createElementNS("http://www.w3.org/2000/svg", "style");
    made.textContent = `svg{background:${style.getPropertyValue("--paper").trim()};`
      + `${names.map((name) => `${name}:${style.getPropertyValue(name).trim()}`).join(";")}}${rules}`;
    svg.prepend(made);
    return new XMLSerializer().serializeToString(svg);
  }

  save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.drawing()], { type: "image/svg+xml" }));
    link.download = "backprop.svg";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  // Themes: automatic until one is chosen

  paint(theme) {
    this.themeChosen = theme && theme !== this.data.theme ? theme : "";
    const automatic = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    this.theme = theme || automatic;
    document.documentElement.dataset.theme = this.theme;
    this.paintWord();
    this.remember();
  }

  paintWord() {
    find("theme").textContent = this.theme === "dark" ? this.say.light : this.say.dark;
  }
}

const app = new App(JSON.parse(find("data").textContent));
const root = app.graph.nodes[app.graph.root];
if (root.op) find("title").textContent = `${root.name} = ${expression(app.graph, app.graph.root)}`;
