// The table of values: the picture as text, in which the leaves' numbers can be edited.
import { formulaOf } from "./formulas.js";
import { fixed, signOf } from "./numbers.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);

export class Values {
  constructor(app) {
    this.app = app;
    this.shown = [];
    const body = find("values");
    this.rows = app.graph.nodes.map(() => null);
    for (let k = app.graph.root; k >= 0; k -= 1) this.rows[k] = this.row(body, k);
    find("find").addEventListener("input", () => this.filter());
    find("find").addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        find("find").value = "";
        this.filter();
        find("stage").focus?.();
      }
      if (event.key !== "Enter") return;
      const found = this.matches()[0];
      if (found !== undefined) app.visit(found);
    });
  }

  row(body, k) {
    const { app } = this;
    const node = app.graph.nodes[k];
    const row = body.insertRow();
    const name = row.insertCell();
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = node.name;
    button.addEventListener("click", () => app.jump(k));
    name.append(button);
    const formula = formulaOf(app.graph, k);
    if (formula) {
      const small = document.createElement("small");
      small.textContent = `= ${formula}`;
      small.title = formula;
      name.append(small);
    }
    const cell = () => {
      const made = row.insertCell();
      made.className = "number";
      return made;
    };
    const data = cell();
    const input = node.op || app.graph.frozen ? null : data.appendChild(document.createElement("input"));
    if (input) app.editing.attach(input, k);
    row.addEventListener("mouseenter", () => app.trace(k));
    row.addEventListener("mouseleave", () => app.trace(null));
    return { row, button, input, data, grad: cell(), arrived: cell() };
  }

  /** Set the texts that depend on the language. */
  speak() {
    const { graph, say } = this.app;
    this.rows.forEach(({ button, input }, k) => {
      button.title = say.goTo;
      input?.setAttribute("aria-label", say.editing(graph.nodes[k].name));
    });
  }

  show(moment, hidden) {
    const { graph } = this.app;
    this.rows.forEach(({ row, input, data, grad, arrived }, k) => {
      const at = graph.arrived(k, moment);
      const concealed = hidden !== null && at === hidden;
      const made = at < 0 ? null : graph.steps[at];
      const expected = graph.expected[k];
      const known = graph.knows(k, moment);
      const key = `${known && graph.data[k]} ${concealed ? "?" : made?.after} ${made?.count} ${expected}`;
      if (this.shown[k] === key) return;
      this.shown[k] = key;
      if (input) this.app.editing.put(input, k);
      else data.textContent = known ? fixed(graph.data[k]) : "·";
      grad.textContent = concealed ? "?" : made ? fixed(made.after, true) : "·";
      grad.className = `number ${concealed || !made ? "" : signOf(made.after)}`.trim();
      arrived.textContent = expected ? `${made && made.edge ? made.count : 0}/${expected}` : "";
      row.classList.toggle("edited", graph.edited.has(k));
    });
    this.mark(moment);
  }

  mark(moment) {
    for (const [row, kind] of this.marked || []) row.classList.remove(kind);
    const { graph } = this.app;
    const step = graph.steps[moment];
    const computed = moment < -1 ? graph.computedAt(moment) : null;
    const marks = step ? [[step.receiver, "receiver"], [step.edge?.result, "result"]] : [[computed, "receiver"]];
    this.marked = marks.filter(([k]) => k !== null && k !== undefined).map(([k, kind]) => [this.rows[k].row, kind]);
    for (const [row, kind] of this.marked) row.classList.add(kind);
    if (this.marked.length) this.scroll(this.marked[0][0]);
  }

  /** Scroll the table, and never the page. */
  scroll(row) {
    const table = find("table");
    if (table.scrollHeight <= table.clientHeight) return;
    const [top, height] = [row.offsetTop, row.offsetHeight];
    if (top < table.scrollTop + 34) table.scrollTop = top - 34;
    else if (top + height > table.scrollTop + table.clientHeight) table.scrollTop = top + height - table.clientHeight;
  }

  matches() {
    const asked = find("find").value.trim().toLowerCase();
    return this.app.graph.nodes.map((_, k) => k).reverse()
      .filter((k) => asked && this.app.graph.nodes[k].name.toLowerCase().includes(asked));
  }

  filter() {
    const found = new Set(this.matches());
    const asked = find("find").value.trim() !== "";
    this.rows.forEach(({ row }, k) => { row.hidden = asked && !found.has(k); });
    find("found").textContent = asked ? String(found.size) : "";
  }
}
