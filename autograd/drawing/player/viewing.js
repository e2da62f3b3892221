// Zoom, pan and overview: the visible part of the picture.

/** @typedef {{ x: number, y: number, width: number, height: number }} Rectangle */

export class Viewing {
  /** @param {HTMLElement} stage @param {SVGSVGElement} svg @param {{ change: () => void, press: (target: Element) => void }} calls */
  constructor(stage, svg, calls) {
    this.stage = stage;
    this.svg = svg;
    this.calls = calls;
    const { x, y, width, height } = svg.viewBox.baseVal;
    /** @type {Rectangle} */
    this.full = { x, y, width, height };
    this.view = { ...this.full };
    for (const side of ["width", "height"]) svg.style[side] = `${this.full[side]}px`;
    stage.style.aspectRatio = `${width} / ${height}`;
    this.pointers = new Map();
    this.drag = null;
    this.overview = null;
    this.size = { width: stage.clientWidth, height: stage.clientHeight };
    new ResizeObserver(() => {
      this.size = { width: stage.clientWidth, height: stage.clientHeight };
      this.place();
      this.calls.change();
    }).observe(stage);
    this.listen();
  }

  get whole() {
    return this.view.width >= this.full.width - 0.5;
  }

  look(next) {
    this.view = next;
    this.place();
    this.stage.classList.toggle("fits", this.whole);
    this.showOverview();
    this.calls.change();
  }

  /** Move the picture by CSS alone: a new viewBox would make the browser lay out all text again. */
  place() {
    const { view, full } = this;
    const scale = this.scale();
    const corner = this.onStage(full);
    this.svg.style.transform = `translate(${corner.x.toFixed(2)}px, ${corner.y.toFixed(2)}px) scale(${scale.toFixed(5)})`;
    this.stage.dataset.view = [view.x, view.y, view.width, view.height].map((x) => Number(x.toFixed(4))).join(" ");
  }

  fit() {
    this.look({ ...this.full });
  }

  pan(across, down) {
    const { view } = this;
    this.look({ ...view, x: view.x + across * view.width, y: view.y + down * view.height });
  }

  zoom(factor, at) {
    const { view, full } = this;
    const width = Math.min(full.width, Math.max(full.width / 60, view.width * factor));
    const scale = width / view.width;
    const point = at || { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    this.look({ x: point.x - (point.x - view.x) * scale, y: point.y - (point.y - view.y) * scale, width,
      height: view.height * scale });
  }

  /** Return the pixels per unit of the picture, and its origin on the screen. */
  scale(view = this.view) {
    return Math.min(this.size.width / view.width, this.size.height / view.height) || 1;
  }

  /** Return the visible part of the picture with a margin; null for all of it. */
  sight() {
    if (this.whole) return null;
    const { view, size } = this;
    const scale = this.scale();
    const [width, height] = [(1.4 * size.width) / scale, (1.4 * size.height) / scale];
    return { x: view.x + (view.width - width) / 2, y: view.y + (view.height - height) / 2, width, height };
  }

  pointIn({ clientX, clientY }) {
    const box = this.stage.getBoundingClientRect();
    const { view } = this;
    const scale = this.scale();
    return { x: view.x + view.width / 2 + (clientX - box.left - box.width / 2) / scale,
      y: view.y + view.height / 2 + (clientY - box.top - box.height / 2) / scale };
  }

  /** Return the position of a point of the picture from the stage's corner. */
  onStage({ x, y }) {
    const { view, size } = this;
    const scale = this.scale();
    return { x: size.width / 2 + (x - view.x - view.width / 2) * scale,
      y: size.height / 2 + (y - view.y - view.height / 2) * scale };
  }

  /** Zoom in at first, if the whole picture would be too small to read. */
  beginReadable() {
    const scale = this.scale(this.full);
    if (scale < 0.42) this.zoom(scale / 0.8);
  }

  /** Move as far as needed to make the rectangles visible: all, or else the first. @param {(Rectangle | null)[]} wanted */
  keepInView(...wanted) {
    if (this.whole) return;
    const { view, full, size } = this;
    const scale = this.scale();
    const [width, height] = [size.width / scale, size.height / scale];
    const seen = { x: view.x + (view.width - width) / 2, y: view.y + (view.height - height) / 2, width, height };
    const box = wanted.find((each) => each && each.width <= width && each.height <= height) || wanted[wanted.length - 1];
    if (!box) return;
    const inside = box.x >= seen.x && box.x + box.width <= seen.x + width
      && box.y >= seen.y && box.y + box.height <= seen.y + height;
    if (inside) return;
    const within = (start, size, part, at) => Math.max(start, Math.min(start + size - part, at - part / 2));
    this.look({ ...view, x: within(full.x, full.width, view.width, box.x + box.width / 2),
      y: within(full.y, full.height, view.height, box.y + box.height / 2) });
  }

  listen() {
    const { stage } = this;
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.pointIn(event));
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => this.down(event));
    stage.addEventListener("pointermove", (event) => this.move(event));
    stage.addEventListener("pointercancel", (event) => this.release(event));
    stage.addEventListener("pointerup", (event) => {
      if (this.pointers.has(event.pointerId) && !this.release(event)) this.calls.press(/** @type {Element} */ (event.target));
    });
  }

  /** Return the centre of two fingers and their distance. */
  between() {
    const [one, other] = [...this.pointers.values()];
    return { distance: Math.hypot(one.x - other.x, one.y - other.y) || 1,
      at: this.pointIn({ clientX: (one.x + other.x) / 2, clientY: (one.y + other.y) / 2 }) };
  }

  down(event) {
    if (event.target.closest("button, input, .opened, .editable")) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.drag = { from: this.pointIn(event), x: event.clientX, y: event.clientY, moved: this.pointers.size > 1,
      id: event.pointerId };
    if (this.pointers.size === 2) Object.assign(this.drag, this.between());
  }

  move(event) {
    const { drag, view } = this;
    if (!drag || !this.pointers.has(event.pointerId)) return;
    this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (this.pointers.size === 2) {
      const { distance, at } = this.between();
      this.zoom(drag.distance / distance, at);
      drag.distance = distance;
      const point = this.between().at;
      this.look({ ...this.view, x: this.view.x + drag.at.x - point.x, y: this.view.y + drag.at.y - point.y });
      return;
    }
    if (drag.id !== event.pointerId) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 5) return;
    if (!drag.moved) this.stage.setPointerCapture(event.pointerId);
    drag.moved = true;
    this.stage.classList.add("dragging");
    const point = this.pointIn(event);
    this.look({ ...view, x: view.x + drag.from.x - point.x, y: view.y + drag.from.y - point.y });
  }

  release(event) {
    this.stage.classList.remove("dragging");
    const moved = this.drag?.moved ?? false;
    this.pointers.delete(event.pointerId);
    this.drag = null;
    return moved;
  }

  /** Draw a small map of all boxes with the visible part; a press on it moves there. @param {SVGSVGElement} map @param {Rectangle[]} boxes */
  addOverview(map, boxes) {
    const { full } = this;
    map.setAttribute("viewBox", `${full.x} ${full.y} ${full.width} ${full.height}`);
    const rect = ({ x, y, width, height }, kind) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [key, value] of Object.entries({ x, y, width, height, class: kind })) made.setAttribute(key, value);
      return map.appendChild(made);
    };
    for (const box of boxes) rect(box, "small");
    this.overview = { map, frame: rect(this.view, "seen") };
    const go = (event) => {
      const box = map.getBoundingClientRect();
      const scale = Math.min(box.width / full.width, box.height / full.height);
      const x = full.x + full.width / 2 + (event.clientX - box.left - box.width / 2) / scale;
      const y = full.y + full.height / 2 + (event.clientY - box.top - box.height / 2) / scale;
      this.look({ ...this.view, x: x - this.view.width / 2, y: y - this.view.height / 2 });
    };
    map.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      map.setPointerCapture(event.pointerId);
      go(event);
    });
    map.addEventListener("pointermove", (event) => event.buttons && go(event));
    this.showOverview();
  }

  showOverview() {
    if (!this.overview) return;
    const { map, frame } = this.overview;
    map.classList.toggle("needed", !this.whole);
    for (const key of ["x", "y", "width", "height"]) frame.setAttribute(key, String(this.view[key]));
  }
}
