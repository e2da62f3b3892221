// The formula panel: the current moment in symbols, numbers and words; and the prediction.
import { abridged, formulaOf, grouped, needs, ruleOf, signs } from "./formulas.js";
import { fixed, parsed, signOf } from "./numbers.js";
import { kindOf } from "./words.js";

/** @type {(id: string) => any} */
const find = (id) => document.getElementById(id);

function spans(target, texts) {
  target.replaceChildren(...texts.map((text) => {
    const span = document.createElement("span");
    span.append(text);
    return span;
  }));
}

/**
 * Return the words and formulas for a moment.
 * @param {import("./graph.js").Graph} graph
 * @returns {{ when: string, symbols: string | string[], factors?: string[], contribution?: number, change?: string,
 *   rule?: string, kind?: string, note?: string }}
 */
export function story(graph, moment, say) {
  const name = (k) => graph.nodes[k].name;
  const short = (k) => abridged(grouped(name(k)));
  const had = graph.leaves.filter((k) => graph.initial[k] !== 0).map((k) => `${grouped(name(k))}.grad ${fixed(graph.initial[k], true)}`);
  const note = had.length ? say.had(had.slice(0, 6).join(", ") + (had.length > 6 ? " …" : "")) : "";
  if (moment === graph.first && moment < -1) {
    return { when: say.whenLeaves, symbols: say.leavesKnown(graph.leaves.length) };
  }
  if (moment < -1) {
    const k = graph.computedAt(moment);
    const numbers = graph.nodes[k].of.map((item) => fixed(graph.number(item)));
    return {
      when: say.whenForward(moment - graph.first, graph.computed.length),
      symbols: `${name(k)} = ${formulaOf(graph, k)} = ${fixed(graph.data[k])}`,
      rule: numbers.length <= 6 ? `${graph.nodes[k].of.map((item, j) => `${graph.word(item)} = ${numbers[j]}`).join(",  ")}` : "",
    };
  }
  if (moment === -1) {
    return { when: say.whenBefore, symbols: say.nothing, rule: say.follow(graph.count), note };
  }
  if (moment === graph.last) return { when: say.whenComplete, symbols: say.finals(graph.count), note, ...meaning(graph, say) };
  const step = graph.steps[moment];
  const when = say.when(moment, graph.count);
  const rest = (step.count > 1 || graph.expected[step.receiver] > 1 ? say.counted(step.count, graph.expected[step.receiver]) : "")
    + (step.count === graph.expected[step.receiver] || !step.edge ? say.final : say.notFinal);
  const change = say.change(grouped(name(step.receiver)), fixed(step.before, true), fixed(step.after, true), rest);
  const root = short(graph.root);
  if (!step.edge) {
    return { when, symbols: `∂${root}/∂${root} = ${signs(String(graph.gradient))}`, change, rule: say.seed };
  }
  const { result } = step.edge;
  const [receiver, node] = [short(step.receiver), short(result)];
  const { symbols, numbers, value } = ruleOf(graph, step.edge);
  const shown = numbers === symbols || numbers === value ? [symbols] : [symbols, numbers];
  return {
    when,
    symbols: [`∂${root}/∂${receiver}`, `∂${root}/∂${node}`, `∂${node}/∂${receiver}`],
    factors: [fixed(step.upstream, true), fixed(step.partial, true)],
    contribution: step.contribution,
    change,
    rule: `${name(result)} = ${formulaOf(graph, result)}:  ${[`∂${grouped(name(result))}/∂${grouped(name(step.receiver))}`, ...shown, fixed(step.partial, true)].join(" = ")}`,
    kind: say.kinds[kindOf(graph.nodes[result].op)],
  };
}

/** Return, for the end of the pass, the meaning of the largest gradient of a leaf in numbers. */
function meaning(graph, say) {
  const k = graph.leaves.reduce((a, b) => (Math.abs(graph.gradientOf(b)) > Math.abs(graph.gradientOf(a)) ? b : a), graph.leaves[0]);
  const moved = fixed(0.001 * graph.gradientOf(k), true);
  return { change: say.nudgeSays(graph.nodes[k].name, graph.nodes[graph.root].name, moved), rule: say.nudgeRule };
}

/**
 * Return the key of the message for a guessed contribution, which names the mistake.
 * @param {import("./graph.js").Graph} graph @param {import("./graph.js").Step} step
 */
export function verdict(graph, step, guess) {
  const close = (x) => Math.abs(guess - x) <= Math.max(0.01 * Math.abs(x), 6e-5);
  const { contribution, upstream, partial, after, count } = step;
  if (close(contribution)) return "right";
  if (close(-contribution)) return "signError";
  if (close(upstream) || close(-upstream)) return "missingLocal";
  if (close(partial) || close(-partial)) return "missingUpstream";
  if (count > 1 && close(after)) return "added";
  if (graph.nodes[step.edge.result].op === "mul" && close(upstream * graph.data[step.receiver])) return "otherFactor";
  if (close(upstream / partial)) return "ratio";
  return "wrong";
}

export class Panel {
  constructor(app) {
    this.app = app;
    this.predicting = false;
    this.solved = new Set();
    this.score = [0, 0];
    find("predict").addEventListener("click", () => {
      this.predicting = !this.predicting;
      this.solved.clear();
      this.score = [0, 0];
      find("predict").setAttribute("aria-pressed", String(this.predicting));
      app.stop();
      if (this.predicting && this.hidden === null) app.go(1); // the first contribution: here is nothing to predict
      else app.show(true);
    });
    find("guessing").addEventListener("submit", (event) => {
      event.preventDefault();
      this.judge();
    });
    find("reveal").addEventListener("click", () => {
      this.solved.add(app.now);
      this.score[1] += 1;
      this.said = "";
      app.show(true);
      find("step").focus();
    });
  }

  /** Return the step whose contribution is hidden; null for none. */
  get hidden() {
    const { now, graph } = this.app;
    return this.predicting && graph.steps[now]?.edge && !this.solved.has(now) ? now : null;
  }

  judge() {
    const { app } = this;
    const guess = parsed(find("guess").value);
    const key = guess === null ? "notNumber" : verdict(app.graph, app.graph.steps[app.now], guess);
    if (key === "right") {
      this.solved.add(app.now);
      this.score = [this.score[0] + 1, this.score[1] + 1];
      app.show(true);
      find("step").focus();
    }
    const score = key === "right" ? ` ${app.say.score(...this.score)}` : "";
    find("verdict").textContent = app.say[key] + score;
    find("verdict").className = key === "right" ? "good" : "bad";
  }

  show(announce) {
    const { app } = this;
    const { graph, now, say } = app;
    const told = story(graph, now, say);
    const hidden = this.hidden;
    find("formula").setAttribute("aria-live", announce ? "polite" : "off");
    find("when").textContent = told.when;
    find("chain").className = told.factors ? "" : "plain";
    if (told.factors) {
      const [sum, upstream, local] = told.symbols;
      spans(find("symbols"), [sum, "+=", upstream, "·", local, "", ""]);
      const bold = document.createElement("b");
      bold.className = hidden === null ? signOf(told.contribution) : "zero";
      bold.textContent = hidden === null ? fixed(told.contribution, true) : "?";
      spans(find("numbers"), ["", "", told.factors[0], "×", told.factors[1], "=", bold]);
    } else {
      find("symbols").textContent = told.symbols;
      find("numbers").textContent = "";
    }
    for (const part of ["change", "rule", "kind", "note"]) find(part).textContent = told[part] || "";
    if (hidden !== null) find("change").textContent = "";
    find("guessing").hidden = hidden === null;
    if (this.asked !== now) {
      find("guess").value = "";
      find("verdict").textContent = "";
      this.asked = now;
    }
    const outside = [...graph.outside].map((k) => this.outside(k));
    find("alert").textContent = outside.slice(0, 2).join(" ");
  }

  /** Return the message for operands outside an operation's domain. */
  outside(k) {
    const { graph, say } = this.app;
    const { of, name } = graph.nodes[k];
    const where = of.slice(0, 4).filter((item) => typeof item === "number")
      .map((item) => `${graph.word(item)} = ${fixed(graph.number(item))}`).join(", ");
    return say.outside(`${name} = ${formulaOf(graph, k)}`, where, needs(graph, k));
  }
}
