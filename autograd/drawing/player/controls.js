// The controls of the page: its buttons, its keys, its tabs, and the pointer over a leaf.

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);
/** @type {(selector: string) => any[]} */
const all = (selector) => [...document.querySelectorAll(selector)];

/** Connect buttons, keys, tabs and the pointer. @param {any} app the page */
export function listen(app) {
  const hand = (action) => () => {
    app.stop();
    action();
  };
  const { viewing } = app;
  const toggle = () => app.paint(app.theme === "dark" ? "light" : "dark");
  const buttons = {
    first: hand(() => app.go(app.graph.first)), back: hand(() => app.step(-1)), play: () => app.play(),
    step: hand(() => app.step(1)), end: hand(() => app.go(app.graph.last)), closer: () => viewing.zoom(1 / 1.4),
    further: () => viewing.zoom(1.4), fit: () => viewing.fit(), theme: toggle, copy: () => app.copy(),
    svg: () => app.save(), reset: () => app.reset(),
    language: () => {
      app.language = app.language === "en" ? "ja" : "en";
      app.languageChosen = app.language;
      app.speak();
      app.show(false);
      app.descend.show();
    },
  };
  for (const [id, action] of Object.entries(buttons)) find(id).addEventListener("click", action);
  find("slider").addEventListener("input", (event) => hand(() => app.go(Number(event.target.value)))());
  const keys = {
    ArrowRight: buttons.step, ArrowLeft: buttons.back, ArrowDown: hand(() => app.nextOperation()),
    ArrowUp: hand(() => app.previousOperation()), Home: buttons.first, End: buttons.end, " ": buttons.play, t: toggle,
    "+": buttons.closer, "=": buttons.closer, "-": buttons.further, "−": buttons.further, 0: buttons.fit,
    "/": () => find("find").focus(),
    Escape: () => app.opened.group && app.opened.toggle(app.opened.group),
  };
  const moves = { ArrowRight: [0.2, 0], ArrowLeft: [-0.2, 0], ArrowDown: [0, 0.2], ArrowUp: [0, -0.2] };
  document.addEventListener("keydown", (/** @type {any} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at.matches?.('input[type="text"], input[type="search"]')) return;
    if (at.matches?.('input[type="range"]') && at.id !== "slider" && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    const pressesButton = event.key === " " && at.closest?.("button, label, input");
    const action = event.shiftKey && moves[event.key] ? () => viewing.pan(...moves[event.key]) : keys[event.key];
    if (!action || pressesButton) return;
    event.preventDefault();
    action();
  });
  addEventListener("hashchange", () => app.restore());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    if (!app.themeChosen && app.data.theme === "auto") app.paint("");
  });
  addEventListener("resize", () => {
    app.one.shown = "";
    app.one.show();
    app.descend.show();
  });
  listenTabs(app);
  listenHover(app);
}

function listenTabs(app) {
  const tabs = all('[role="tab"]');
  const choose = (tab) => {
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
      find(each.getAttribute("aria-controls")).hidden = each !== tab;
    }
    app.one.show();
    app.descend.show();
  };
  tabs.forEach((tab, k) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const next = tabs[(k + by + tabs.length) % tabs.length];
      choose(next);
      next.focus();
    });
  });
  choose(tabs[0]);
}

function listenHover(app) {
  const { svg } = app.picture;
  const leaf = (target) => app.graph.leaves.find((k) => app.graph.nodes[k].id === (target.dataset?.value || target.id));
  svg.addEventListener("pointerover", (/** @type {any} */ event) => {
    const group = event.target.closest("g.node.leaf");
    if (!group || event.buttons) return;
    app.trace(leaf(group) ?? null);
  });
  svg.addEventListener("pointerout", (/** @type {any} */ event) => {
    if (event.target.closest("g.node.leaf") && !event.buttons) app.trace(null);
  });
}
