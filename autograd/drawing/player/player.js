"use strict";
// The player: one recorded backward pass, shown at any of its steps. A frame differs from the next
// by the classes of a few groups and the texts of a few cells; nothing is laid out again.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const stage = find("stage");
  const picture = stage.querySelector("svg");
  const last = data.steps.length - 1; // step 0 is the seed; -1 is before it
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
    rows[k].grad.className = `number ${made.sign}`;
    rows[k].arrived.textContent = node.expected ? `${made.count}/${node.expected}` : "";
    if (!nodes[k]) return;
    nodes[k].group.classList.remove("pos", "neg", "zero", "reached");
    if (made.sign) nodes[k].group.classList.add(made.sign, "reached");
    if (nodes[k].value) nodes[k].value.textContent = made.grad;
    if (nodes[k].label) nodes[k].label.textContent = made.label;
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
    if (now >= 0) {
      const step = data.steps[now];
      showEdge(now, "done");
      mark("receiver", step.receiver, false);
      if (step.result !== null) mark("result", step.result, false);
    }
    for (; now < to; now += 1) {
      showNode(data.steps[now + 1].receiver, now + 1);
      showEdge(now + 1, "done");
    }
    for (; now > to; now -= 1) {
      showNode(data.steps[now].receiver, previous[now]);
      showEdge(now, "ahead");
    }
    if (now >= 0) {
      const step = data.steps[now];
      showEdge(now, "now");
      mark("receiver", step.receiver, true);
      if (step.result !== null) mark("result", step.result, true);
      rows[step.receiver].row.scrollIntoView({ block: "nearest" });
      keepInView(step);
    }
    say(announce);
  }

  function say(announce) {
    const step = now < 0 ? data.start : data.steps[now];
    find("formula").setAttribute("aria-live", announce ? "polite" : "off");
    find("when").textContent = step.when;
    find("symbols").textContent = step.symbols;
    const numbers = find("numbers");
    numbers.className = step.flow || "";
    numbers.replaceChildren(step.numbers);
    if (step.contribution) {
      const bold = document.createElement("b");
      bold.textContent = step.contribution;
      numbers.append(" ", bold, " ", step.change);
    }
    find("rule").textContent = step.rule;
    find("slider").value = String(now);
    find("slider").setAttribute("aria-valuetext", step.when);
    find("position").textContent = `${now + 2} / ${last + 2}`;
    find("first").disabled = find("back").disabled = now < 0;
    find("end").disabled = find("step").disabled = now >= last;
    remember();
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

  function nextOperation() {
    let to = now + 1;
    while (to < last && data.steps[to + 1].result === data.steps[to].result) to += 1;
    go(to);
  }

  function previousOperation() {
    let to = now - 1;
    while (to > -1 && to < last && data.steps[to].result === data.steps[to + 1].result) to -= 1;
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
    find("play").setAttribute("aria-pressed", "true");
  }

  function stop() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    find("play").textContent = "▶ play";
    find("play").setAttribute("aria-pressed", "false");
    say(true);
  }

  // Zoom and pan: the picture's viewBox

  const whole = picture.viewBox.baseVal;
  const full = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
  let view = { ...full };

  function look(next) {
    view = next;
    picture.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    find("fit").disabled = view.width >= full.width - 0.5;
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
    keepInView(now < 0 ? { receiver: data.nodes.length - 1 } : data.steps[now]);
  }

  function keepInView(step) {
    if (view.width >= full.width - 0.5 || !nodes[step.receiver]) return;
    const screen = stage.getBoundingClientRect();
    const box = nodes[step.receiver].group.getBoundingClientRect();
    const inside = box.left >= screen.left && box.right <= screen.right && box.top >= screen.top && box.bottom <= screen.bottom;
    if (inside) return;
    const centre = pointIn({ clientX: (box.left + box.right) / 2, clientY: (box.top + box.bottom) / 2 });
    if (centre) look({ ...view, x: centre.x - view.width / 2, y: centre.y - view.height / 2 });
  }

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, pointIn(event));
  }, { passive: false });

  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    drag = { from: pointIn(event), x: event.clientX, y: event.clientY, moved: false, id: event.pointerId };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag || drag.id !== event.pointerId) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 5) return;
    if (!drag.moved) stage.setPointerCapture(event.pointerId);
    drag.moved = true;
    stage.classList.add("dragging");
    const point = pointIn(event);
    look({ ...view, x: view.x + drag.from.x - point.x, y: view.y + drag.from.y - point.y });
  });
  const release = () => {
    stage.classList.remove("dragging");
    const moved = drag && drag.moved;
    drag = null;
    return moved;
  };
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("pointerup", (event) => {
    if (release()) return;
    const group = event.target.closest("g.edge, g.node");
    if (!group) return;
    const edge = data.steps.findIndex((made) => made.edge && (group.id === made.edge || group.id === `forth-${made.edge}`));
    stop();
    if (edge >= 0) go(edge);
    else jumpToNode(data.nodes.findIndex((node) => node.id === group.id));
  });

  // Themes: automatic until somebody chooses

  const dark = matchMedia("(prefers-color-scheme: dark)");
  function paint(theme) {
    document.documentElement.dataset.theme = theme;
    find("theme").setAttribute("aria-pressed", String(theme === "dark"));
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
    "-": buttons.further, 0: buttons.fit,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const pressesButton = event.key === " " && event.target.closest("button");
    const action = keys[event.key];
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
  data.nodes.forEach((_, k) => showNode(k, -1));
  data.steps.forEach((_, k) => showEdge(k, "ahead"));
  look(view);
  const asked = fromAddress();
  go(asked === null ? data.opening : asked, false);
  beginReadable();
})();
