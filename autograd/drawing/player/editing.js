// Edit a leaf's number: drag it in the picture, type it, or change it with the arrow keys.
import { parsed, typed } from "./numbers.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

/** Return a tenth of a number's order of magnitude, the change for one press of an arrow key. */
const stride = (x) => 10 ** Math.floor(Math.log10(Math.max(Math.abs(x), 0.1)) + 1e-9) / 10;

export class Editing {
  constructor(app) {
    this.app = app;
    this.dragged = null;
  }

  set(k, x) {
    if (Number.isFinite(x)) this.app.edit([[k, Number(typed(x))]]);
  }

  /** Return whether a key changed the number of a leaf. */
  key(event, k) {
    const x = this.app.graph.data[k];
    const by = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!by || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
    event.preventDefault();
    event.stopPropagation();
    const unit = this.unit?.k === k ? this.unit.size : stride(x);
    this.unit = { k, size: unit }; // the same unit while the keys stay on one leaf, so that up undoes down
    this.set(k, Math.round((x + by * unit) / unit) * unit);
    return true;
  }

  /** A field in the table. @param {HTMLInputElement} input */
  attach(input, k) {
    input.type = "text";
    input.inputMode = "decimal";
    input.autocomplete = "off";
    input.setAttribute("role", "spinbutton");
    input.addEventListener("keydown", (event) => {
      if (this.key(event, k)) return;
      if (event.key === "Enter") this.take(input, k);
      if (event.key === "Escape") this.put(input, k);
      if (event.key !== "Tab") event.stopPropagation();
    });
    input.addEventListener("focus", () => {
      this.app.select(k);
      this.put(input, k);
      input.select();
    });
    input.addEventListener("blur", () => this.put(input, k));
    input.addEventListener("change", () => this.take(input, k));
  }

  take(input, k) {
    const x = parsed(input.value);
    if (x === null) this.put(input, k);
    else if (x !== Number(typed(this.app.graph.data[k]))) this.set(k, x);
  }

  /** Return the number for a field: all its digits while it is edited, else as many as fit. */
  put(input, k) {
    const x = this.app.graph.data[k];
    const text = document.activeElement === input || input.id === "typing" ? typed(x) : typed(x, 5);
    if (input.value !== text) input.value = text;
    input.setAttribute("aria-valuenow", typed(x));
  }

  /** Make the boxes of the leaves editable in the picture itself. */
  attachPicture(picture) {
    const { graph } = this.app;
    for (const k of graph.frozen ? [] : graph.leaves) {
      for (const box of picture.boxes.get(graph.nodes[k].id) || []) if (box.data) this.grip(box, k);
    }
  }

  grip(box, k) {
    const { app } = this;
    const { group } = box;
    const text = box.data;
    const area = text.getBBox();
    const frame = box.group.getBBox();
    const rect = document.createElementNS(SVG, "rect");
    const place = { x: frame.x + 4, y: area.y - 4, width: frame.width - 8, height: area.height + 8, rx: 4, class: "grip editable" };
    for (const [name, value] of Object.entries(place)) rect.setAttribute(name, String(value));
    group.querySelector("text").before(rect);
    text.classList.add("editable");
    group.classList.add("leaf");
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "spinbutton");
    const name = app.graph.nodes[k].name;
    const tell = () => group.setAttribute("aria-label", app.say.editing(name));
    box.editable = true;
    tell();
    group.addEventListener("focus", () => { tell(); app.trace(k); app.select(k); });
    group.addEventListener("blur", () => app.trace(null));
    group.addEventListener("keydown", (event) => {
      if (this.key(event, k)) return;
      if (event.key === "Enter" || /^[-\d.]$/.test(event.key)) {
        event.preventDefault();
        event.stopPropagation();
        this.type(box, k, event.key === "Enter" ? typed(app.graph.data[k]) : event.key);
      }
    });
    for (const part of [rect, text]) part.addEventListener("pointerdown", (event) => this.press(event, box, k, part));
  }

  press(event, box, k, part) {
    const { app } = this;
    if (event.button) return;
    const from = app.graph.data[k];
    const [x, unit] = [event.clientX, stride(from) / 4];
    let moved = false;
    part.setPointerCapture(event.pointerId);
    event.preventDefault();
    const move = (next) => {
      if (!moved && Math.abs(next.clientX - x) < 4) return;
      moved = true;
      app.stop();
      this.set(k, Math.round((from + Math.round((next.clientX - x) / 2) * unit) / unit) * unit);
    };
    const up = (last) => {
      part.removeEventListener("pointermove", move);
      for (const kind of ["pointerup", "pointercancel"]) part.removeEventListener(kind, up);
      if (!moved && last.type === "pointerup") this.type(box, k, typed(app.graph.data[k]), true);
    };
    part.addEventListener("pointermove", move);
    for (const kind of ["pointerup", "pointercancel"]) part.addEventListener(kind, up);
    box.group.focus({ preventScroll: true });
  }

  /** A field over the number in the picture. */
  type(box, k, text, all = false) {
    const { app } = this;
    const input = /** @type {HTMLInputElement} */ (find("typing"));
    const { bounds } = box;
    const corner = app.viewing.onStage({ x: bounds.x, y: bounds.y });
    const scale = app.viewing.scale();
    Object.assign(input.style, { left: `${corner.x}px`, top: `${corner.y + (bounds.height * scale) / 2 - 18}px`,
      width: `${Math.max(90, bounds.width * scale)}px` });
    input.value = text;
    input.hidden = false;
    input.setAttribute("aria-label", app.say.editing(app.graph.nodes[k].name));
    input.focus();
    if (all) input.select();
    const leave = (take) => {
      if (input.hidden) return;
      input.hidden = true;
      input.onkeydown = null;
      input.onblur = null;
      if (take) this.take(input, k);
      box.group.focus({ preventScroll: true });
    };
    input.onkeydown = (event) => {
      if (this.key(event, k)) input.value = typed(app.graph.data[k]);
      if (event.key === "Enter") leave(true);
      if (event.key === "Escape") leave(false);
      event.stopPropagation();
    };
    input.onblur = () => leave(true);
  }
}
