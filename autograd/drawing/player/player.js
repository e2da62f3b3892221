"use strict";
// The player: one recorded backward pass, shown at any of its steps. A frame differs from the next
// by the classes of a few groups and the texts of a few cells; nothing is laid out again.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const stage = find("stage");
  const picture = stage.querySelector("svg");
  const count = data.steps.length - 1; // step 0 is the seed; -1 is before it
  const last = count + 1; // after the last step: everything, and no step in particular
  let now = -1;
  let timer = null;

  // Every step knows what the grad of its receiver was before it, so that back is exact.
  const latest = data.nodes.map(() => -1);
  const previous = data.steps.map((step, k) => {
    const before = latest[step.receiver];
    latest[step.receiver] = k;
    return before;
  });
  const finalStep = latest; // for each node the step that completes it; -1 if none reaches it

  // The same for what the picture shows, where a box may stand for many values and a line for many edges.
  function before(key) {
    const seen = new Map();
    return [seen, data.steps.map((step, k) => {
      const name = key(step);
      if (name === null) return -1;
      const found = seen.has(name) ? seen.get(name) : -1;
      seen.set(name, k);
      return found;
    })];
  }
  const [boxDone, previousBox] = before((step) => (step.box === null ? null : data.nodes[step.receiver].id));
  const [, previousFlow] = before((step) => step.edge);

  const nodes = data.nodes.map((node) => {
    const group = find(node.id);
    return group && {
      group,
      label: group.querySelector(".grad-label"),
      value: group.querySelector(".grad-value"),
    };
  });
  const edges = data.steps.map((step) => (step.edge ? [find(`forth-${step.edge}`), find(step.edge)] : []));
  const rows = data.nodes.map((node, k) => tableRow(node, k)); // the root, which comes last, on top

  function tableRow(node, k) {
    const row = find("values").insertRow(0);
    const name = row.insertCell();
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = node.name;
    button.title = "go to where this gradient is complete";
    button.addEventListener("click", () => jumpToNode(k));
    name.append(button);
    if (node.formula) {
      const formula = document.createElement("small");
      formula.textContent = `= ${node.formula}`;
      formula.title = node.formula;
      name.append(formula);
    }
    const cell = (text) => {
      const made = row.insertCell();
      made.className = "number";
      made.textContent = text;
      return made;
    };
    cell(node.data);
    return { row, grad: cell("·"), arrived: cell(node.expected ? `0/${node.expected}` : "") };
  }

  // One node as it stands after a step of its own (-1: no gradient has arrived).
  function showNode(k, step) {
    const node = data.nodes[k];
    const made = step < 0 ? { grad: "·", label: "grad", sign: "", count: 0 } : data.steps[step];
    rows[k].grad.textContent = made.grad;
    rows[k].grad.className = `number ${made.sign}`.trim();
    rows[k].arrived.textContent = node.expected ? `${made.count}/${node.expected}` : "";
  }

  function showBox(k, step) {
    if (!nodes[k]) return;
    const waiting = { grad: "·", label: data.nodes[k].waiting, sign: "" };
    const made = step < 0 ? waiting : data.steps[step].box || data.steps[step];
    nodes[k].group.classList.remove("pos", "neg", "zero", "size", "reached");
    if (made.sign) nodes[k].group.classList.add(made.sign, "reached");
    if (nodes[k].value) nodes[k].value.textContent = made.grad;
    if (nodes[k].label) nodes[k].label.textContent = made.label;
  }

  function showFlow(k) {
    const group = k < 0 ? null : edges[k][1];
    if (group && data.steps[k].carried) group.querySelector(".flow")?.replaceChildren(data.steps[k].carried);
  }

  function showEdge(k, state) {
    for (const group of edges[k]) {
      if (!group) continue;
      group.classList.remove("ahead", "done", "now");
      group.classList.add(state);
    }
  }

  function mark(kind, k, on) {
    rows[k].row.classList.toggle(kind, on);
    if (nodes[k]) nodes[k].group.classList.toggle(kind, on);
  }

  function go(target, announce = true) {
    const to = Math.max(-1, Math.min(last, target));
    if (data.steps[now]) markStep(data.steps[now], false);
    if (data.steps[now]) showEdge(now, "done");
    for (; now < to; now += 1) {
      if (now === count) continue;
      const step = data.steps[now + 1];
      showNode(step.receiver, now + 1);
      if (step.box !== null) showBox(step.receiver, now + 1);
      showEdge(now + 1, "done");
      showFlow(now + 1);
    }
    for (; now > to; now -= 1) {
      if (now === last) continue;
      const step = data.steps[now];
      showNode(step.receiver, previous[now]);
      if (step.box !== null) showBox(step.receiver, previousBox[now]);
      showEdge(now, previousFlow[now] < 0 ? "ahead" : "done");
      showFlow(previousFlow[now]);
    }
    picture.classList.toggle("complete", now === last);
    if (data.steps[now]) {
      showEdge(now, "now");
      markStep(data.steps[now], true);
      showRow(rows[data.steps[now].receiver].row);
      keepInView(data.steps[now]);
    }
    say(announce);
  }

  function markStep(step, on) {
    mark("receiver", step.receiver, on);
    if (step.result !== null) mark("result", step.result, on);
  }

  // Scrolls the table, and never the page.
  function showRow(row) {
    const table = document.querySelector("aside");
    const [outer, inner] = [table.getBoundingClientRect(), row.getBoundingClientRect()];
    if (inner.top < outer.top + 32) table.scrollTop -= outer.top + 32 - inner.top;
    else if (inner.bottom > outer.bottom) table.scrollTop += inner.bottom - outer.bottom;
  }

  function spans(target, texts) {
    target.replaceChildren(...texts.map((text) => {
      const span = document.createElement("span");
      span.append(text);
      return span;
    }));
  }

  function say(announce) {
    const step = now < 0 ? data.start : now === last ? data.complete : data.steps[now];
    find("formula").setAttribute("aria-live", announce ? "polite" : "off");
    find("when").textContent = step.when;
    find("chain").className = step.factors ? "" : "plain";
    if (step.factors) {
      const [sum, upstream, local] = step.symbols;
      spans(find("symbols"), [sum, "+=", upstream, "·", local, "", ""]);
      const bold = document.createElement("b");
      bold.className = step.flow;
      bold.textContent = step.contribution;
      spans(find("numbers"), ["", "", step.factors[0], "×", step.factors[1], "=", bold]);
    } else {
      find("symbols").textContent = step.symbols;
      find("numbers").textContent = "";
    }
    for (const part of ["change", "rule", "neuron"]) find(part).textContent = step[part] || "";
    find("slider").value = String(now);
    find("slider").setAttribute("aria-valuetext", step.when);
    find("position").textContent = now < 0 ? "start" : now === last ? "complete" : `${now} / ${count}`;
    enable(["first", "back"], now > -1);
    enable(["end", "step"], now < last);
    remember();
  }

  // A button that leads nowhere keeps the focus that it has.
  function enable(ids, possible) {
    for (const id of ids) find(id).setAttribute("aria-disabled", String(!possible));
  }

  function remember() {
    try {
      history.replaceState(null, "", `#${now}`);
    } catch {
      // A page inside a page (srcdoc) has no address of its own; the step is then not remembered.
    }
  }

  // Moving

  const step = () => go(now + 1);
  const back = () => go(now - 1);

  const operation = (k) => (data.steps[k] ? data.steps[k].result : null);

  function nextOperation() {
    let to = now + 1;
    while (to < count && operation(to + 1) === operation(to)) to += 1;
    go(to);
  }

  function previousOperation() {
    let to = now - 1;
    while (to > -1 && now !== last && operation(to) === operation(to + 1)) to -= 1;
    go(to);
  }

  function jumpToNode(k) {
    stop();
    if (finalStep[k] >= 0) go(finalStep[k]);
  }

  function play() {
    if (timer !== null) {
      stop();
      return;
    }
    if (now >= last) go(-1);
    timer = setInterval(() => (now < last ? go(now + 1, false) : stop()), data.pace);
    find("play").textContent = "❚❚ pause";
  }

  function stop() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    find("play").textContent = "▶ play";
    say(true);
  }

  // Zoom and pan: the picture's viewBox

  const whole = picture.viewBox.baseVal;
  const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  let view = { ...full };

  function look(next) {
    view = next;
    picture.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    const fits = view.width >= full.width - 0.5;
    enable(["fit"], !fits);
    stage.classList.toggle("fits", fits);
  }

  function pan(across, down) {
    look({ ...view, x: view.x + across * view.width, y: view.y + down * view.height });
  }

  function zoom(factor, at) {
    const width = Math.min(full.width, Math.max(full.width / 60, view.width * factor));
    const scale = width / view.width;
    const point = at || { x: view.x + view.width / 2, y: view.y + view.height / 2 };
    look({
      x: point.x - (point.x - view.x) * scale,
      y: point.y - (point.y - view.y) * scale,
      width,
      height: view.height * scale,
    });
  }

  function pointIn(event) {
    const matrix = picture.getScreenCTM();
    return matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()) : null;
  }

  // Where the whole picture would be too small to read, begin near, and follow the steps.
  function beginReadable() {
    const scale = Math.min(stage.clientWidth / full.width, stage.clientHeight / full.height);
    if (scale >= 0.5) return;
    zoom(scale / 0.8);
    keepInView(data.steps[now] || { receiver: data.nodes.length - 1 });
  }

  // Both ends of the present edge if there is room for them, else the one that receives.
  function keepInView(step) {
    if (view.width >= full.width - 0.5 || !nodes[step.receiver]) return;
    const screen = stage.getBoundingClientRect();
    const ends = [step.receiver, step.result].filter((k) => nodes[k]).map((k) => nodes[k].group.getBoundingClientRect());
    const around = (boxes) => ({
      left: Math.min(...boxes.map((box) => box.left)), right: Math.max(...boxes.map((box) => box.right)),
      top: Math.min(...boxes.map((box) => box.top)), bottom: Math.max(...boxes.map((box) => box.bottom)),
    });
    const both = around(ends);
    const room = both.right - both.left <= screen.width && both.bottom - both.top <= screen.height;
    const box = room ? both : around(ends.slice(0, 1));
    const inside = box.left >= screen.left && box.right <= screen.right && box.top >= screen.top && box.bottom <= screen.bottom;
    if (inside) return;
    const centre = pointIn({ clientX: (box.left + box.right) / 2, clientY: (box.top + box.bottom) / 2 });
    if (!centre) return;
    const within = (start, whole, size, at) => Math.max(start, Math.min(start + whole - size, at - size / 2));
    look({
      ...view,
      x: within(full.x, full.width, view.width, centre.x),
      y: within(full.y, full.height, view.height, centre.y),
    });
  }

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, pointIn(event));
  }, { passive: false });

  // One pointer drags, two zoom by their distance around the point between them.
  const pointers = new Map();
  let drag = null;

  function between() {
    const [one, other] = [...pointers.values()];
    return {
      distance: Math.hypot(one.x - other.x, one.y - other.y) || 1,
      at: pointIn({ clientX: (one.x + other.x) / 2, clientY: (one.y + other.y) / 2 }),
    };
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    drag = { from: pointIn(event), x: event.clientX, y: event.clientY, moved: pointers.size > 1, id: event.pointerId };
    if (pointers.size === 2) Object.assign(drag, between());
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag || !pointers.has(event.pointerId)) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size === 2) {
      const { distance, at } = between();
      if (at) zoom(drag.distance / distance, at);
      drag.distance = distance;
      const point = between().at;
      if (point) look({ ...view, x: view.x + drag.at.x - point.x, y: view.y + drag.at.y - point.y });
      return;
    }
    if (drag.id !== event.pointerId) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 5) return;
    if (!drag.moved) stage.setPointerCapture(event.pointerId);
    drag.moved = true;
    stage.classList.add("dragging");
    const point = pointIn(event);
    if (drag.from && point) look({ ...view, x: view.x + drag.from.x - point.x, y: view.y + drag.from.y - point.y });
  });
  const release = (event) => {
    stage.classList.remove("dragging");
    const moved = drag && drag.moved;
    pointers.delete(event.pointerId);
    drag = null;
    return moved;
  };
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("pointerup", (event) => {
    if (release(event)) return;
    const group = event.target.closest("g.edge, g.node");
    if (!group) return;
    const edge = data.steps.findIndex((made) => made.edge && (group.id === made.edge || group.id === `forth-${made.edge}`));
    stop();
    if (edge >= 0) go(edge);
    else if (boxDone.has(group.id)) go(boxDone.get(group.id));
  });

  // Themes: automatic until somebody chooses

  const dark = matchMedia("(prefers-color-scheme: dark)");
  function paint(theme) {
    document.documentElement.dataset.theme = theme;
    find("theme").textContent = theme === "dark" ? "light theme" : "dark theme";
  }
  const toggle = () => paint(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  paint(data.theme === "auto" ? (dark.matches ? "dark" : "light") : data.theme);
  dark.addEventListener("change", (event) => data.theme === "auto" && paint(event.matches ? "dark" : "light"));

  // Controls

  const hand = (action) => () => {
    stop();
    action();
  };
  const buttons = {
    first: hand(() => go(-1)), back: hand(back), play, step: hand(step), end: hand(() => go(last)),
    closer: () => zoom(1 / 1.4), further: () => zoom(1.4), fit: () => look({ ...full }), theme: toggle,
  };
  for (const [id, action] of Object.entries(buttons)) find(id).addEventListener("click", action);
  find("slider").addEventListener("input", (event) => hand(() => go(Number(event.target.value)))());

  const keys = {
    ArrowRight: buttons.step, ArrowLeft: buttons.back, ArrowDown: hand(nextOperation), ArrowUp: hand(previousOperation),
    Home: buttons.first, End: buttons.end, " ": play, t: toggle, "+": buttons.closer, "=": buttons.closer,
    "-": buttons.further, "−": buttons.further, 0: buttons.fit,
  };
  const moves = { ArrowRight: [0.2, 0], ArrowLeft: [-0.2, 0], ArrowDown: [0, 0.2], ArrowUp: [0, -0.2] };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pressesButton = event.key === " " && event.target.closest("button");
    const action = event.shiftKey && moves[event.key] ? () => pan(...moves[event.key]) : keys[event.key];
    if (!action || pressesButton) return;
    event.preventDefault();
    action();
  });

  const fromAddress = () => {
    const asked = Number.parseInt(location.hash.slice(1), 10);
    return Number.isNaN(asked) ? null : asked;
  };
  addEventListener("hashchange", () => {
    const asked = fromAddress();
    if (asked !== null && asked !== now) hand(() => go(asked))();
  });

  find("slider").max = String(last);
  data.nodes.forEach((_, k) => {
    showNode(k, -1);
    showBox(k, -1);
  });
  data.steps.forEach((_, k) => showEdge(k, "ahead"));
  look(view);
  const asked = fromAddress();
  go(asked === null ? data.opening : asked, false);
  beginReadable();
})();
