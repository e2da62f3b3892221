// A folded box, opened in place: the values inside it at the current moment.
import { formulaOf } from "./formulas.js";
import { fixed, signOf } from "./numbers.js";

export class Opened {
  constructor(app) {
    this.app = app;
    this.group = null;
    this.card = document.getElementById("opened");
  }

  toggle(group) {
    this.group = this.group === group ? null : group;
    this.build();
  }

  /** Return whether a step changes something inside the opened box. */
  holds(step) {
    return Boolean(this.group && (this.group.nodes.includes(step.receiver) || this.group.nodes.includes(step.edge?.result)));
  }

  build() {
    const { app, card, group } = this;
    card.hidden = !group;
    if (!group) return;
    const title = document.createElement("h2");
    title.textContent = `${group.name} · ${group.detail}`;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", app.say.close);
    close.addEventListener("click", () => this.toggle(group));
    const table = document.createElement("table");
    this.rows = [...group.nodes].sort((a, b) => b - a).map((k) => {
      const row = table.insertRow();
      const name = row.insertCell();
      const formula = formulaOf(app.graph, k);
      name.textContent = formula ? `${app.graph.nodes[k].name} = ${formula}` : app.graph.nodes[k].name;
      const cells = [row.insertCell(), row.insertCell()];
      for (const cell of cells) cell.className = "number";
      row.addEventListener("click", () => app.jump(k));
      return { k, row, data: cells[0], grad: cells[1] };
    });
    card.setAttribute("aria-label", app.say.stepsInside(group.name));
    card.replaceChildren(title, close, table);
    this.place();
    this.show();
  }

  place() {
    if (!this.group) return;
    const { app, card } = this;
    const box = app.picture.boxes.get(this.group.id)?.[0]?.bounds;
    if (!box) return;
    const at = app.viewing.onStage({ x: box.x, y: box.y });
    const stage = app.viewing.stage;
    card.style.left = `${Math.max(4, Math.min(stage.clientWidth - card.offsetWidth - 4, at.x))}px`;
    card.style.top = `${Math.max(4, Math.min(stage.clientHeight - card.offsetHeight - 4, at.y))}px`;
  }

  show() {
    if (!this.group) return;
    const { graph, now } = this.app;
    const step = graph.steps[now];
    for (const { k, row, data, grad } of this.rows) {
      const at = graph.arrived(k, now);
      data.textContent = graph.knows(k, now) ? fixed(graph.data[k]) : "·";
      grad.textContent = at < 0 ? "·" : at === this.app.panel.hidden ? "?" : fixed(graph.steps[at].after, true);
      grad.className = `number ${at < 0 ? "" : signOf(graph.steps[at].after)}`;
      row.classList.toggle("receiver", step?.receiver === k);
      row.classList.toggle("result", step?.edge?.result === k);
    }
  }
}
