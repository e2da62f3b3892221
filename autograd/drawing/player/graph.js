// The graph: its numbers, the forward pass, and the backward pass one edge at a time.
import { fixed, restored } from "./numbers.js";

/**
 * @typedef {{ name: string, op: string | null, of: (number | { c: number })[], id: string }} Node
 *   `of` are the operands: positions of other nodes, or plain numbers.
 * @typedef {{ result: number, position: number, operand: number, id: string }} Edge
 * @typedef {{ edge: Edge | null, receiver: number, upstream: number, partial: number, contribution: number,
 *   before: number, after: number, count: number }} Step
 */

/** Read an operand of the data: a position, or a plain number. */
const constant = (item) => (typeof item === "number" ? item : { c: restored(item.c) });

export class Graph {
  /** @param {any} data the data of the page; `ops` has the operations' rules in JavaScript. */
  constructor(data, ops) {
    this.ops = ops;
    /** @type {Node[]} */
    this.nodes = data.nodes.map((node) => ({ ...node, of: node.of.map(constant) }));
    this.frozen = data.frozen;
    this.root = this.nodes.length - 1;
    this.gradient = restored(data.gradient);
    this.recorded = { data: data.data.map(restored), partials: data.partials.map((list) => list.map(restored)) };
    this.initial = this.nodes.map((_, k) => restored(data.initial[k] ?? 0));
    this.leaves = this.nodes.map((_, k) => k).filter((k) => !this.nodes[k].op);
    this.computed = this.nodes.map((_, k) => k).filter((k) => this.nodes[k].op);
    this.edges = [];
    for (let result = this.root; result >= 0; result -= 1) {
      this.nodes[result].of.forEach((operand, position) => {
        if (typeof operand === "number") this.edges.push({ result, position, operand, id: `e${result}_${position}` });
      });
    }
    /** The index of each computed node among them. @type {Map<number, number>} */
    this.rank = new Map(this.computed.map((node, number) => [node, number]));
    this.parts = new Map();
    this.edited = new Map();
    this.reset();
  }

  op(k) {
    const name = this.nodes[k].op;
    return this.ops[name] || { symbol: name, written: "", operands: [], variadic: false, absorbing: [], rules: [], needs: "" };
  }

  word(item) {
    if (typeof item === "number") return this.nodes[item].name;
    return Number.isFinite(item.c) ? String(item.c).replace("-", "−") : fixed(item.c);
  }

  number(item) {
    return typeof item === "number" ? this.data[item] : item.c;
  }

  /** Restore the recorded numbers. */
  reset() {
    this.edited.clear();
    this.data = [...this.recorded.data];
    this.partials = this.recorded.partials.map((list) => [...list]);
    this.outside = new Set();
    this.replay();
  }

  /** Set the numbers of leaves and recompute everything. @param {[number, number][]} changes */
  edit(changes) {
    if (this.frozen) return;
    for (const [k, x] of changes) {
      this.data[k] = x;
      if (Object.is(x, this.recorded.data[k])) this.edited.delete(k);
      else this.edited.set(k, x);
    }
    if (this.edited.size === 0) {
      this.reset();
      return;
    }
    this.forward(this.data, this.partials, this.outside);
    this.replay();
  }

  /** Return the operands of a node as its operation takes them: those of a variadic operand in an array. */
  operands(k, data) {
    const of = this.nodes[k].of.map((item) => (typeof item === "number" ? data[item] : item.c));
    const op = this.op(k);
    if (!op.variadic) return of;
    const size = of.length / op.operands.length;
    return op.operands.map((_, j) => of.slice(j * size, (j + 1) * size));
  }

  /** Compute the values, and the partials if wanted, from the leaves to the root. */
  forward(data, partials = null, outside = null) {
    outside?.clear();
    for (const k of this.computed) {
      const op = this.op(k);
      const operands = this.operands(k, data);
      if (outside && !op.domain(...operands) && !operands.flat().some(Number.isNaN)) outside.add(k);
      data[k] = op.value(...operands);
      if (partials) partials[k] = this.flowing(k, op.partials(...operands, data[k]));
    }
    return data[this.root];
  }

  /** Return the partials of a node: null beside a plain 0 that makes its result constant, as in 0 * x. */
  flowing(k, partials) {
    const { absorbing, operands, variadic } = this.op(k);
    const { of } = this.nodes[k];
    const zeros = of.map((item) => typeof item !== "number" && item.c === 0);
    if (!absorbing.length || !zeros.includes(true)) return partials;
    const half = of.length / 2;
    return partials.map((partial, j) => {
      if (variadic) return operands.length === 1 || zeros[(j + half) % of.length] ? null : partial;
      return partial === 0 && absorbing.some((i) => i !== j && zeros[i]) ? null : partial;
    });
  }

  /** Return the root's value for other numbers of some leaves, without changing the graph. */
  rootAt(changes) {
    const data = [...this.data];
    const moved = new Set();
    for (const [k, x] of changes) {
      data[k] = x;
      for (const node of this.above(k)) moved.add(node);
    }
    for (const k of changes.length === 1 ? this.above(changes[0][0]) : this.computed.filter((node) => moved.has(node))) {
      data[k] = this.op(k).value(...this.operands(k, data));
    }
    return data[this.root];
  }

  /** Return the nodes that depend on a leaf, in the order of the forward pass. */
  above(leaf) {
    if (!this.parts.has(leaf)) {
      const found = new Set([leaf]);
      const list = this.computed.filter((k) => this.nodes[k].of.some((item) => typeof item === "number" && found.has(item)) && found.add(k));
      this.parts.set(leaf, list);
    }
    return this.parts.get(leaf);
  }

  /** Return the step h of the central difference with respect to a leaf. */
  width(k) {
    return 6e-6 * Math.max(1, Math.abs(this.data[k]));
  }

  /** Return the central difference of the root with respect to a leaf. */
  difference(k) {
    const h = this.width(k);
    const up = this.data[k] + h;
    const down = this.data[k] - h;
    return ((this.rootAt([[k, up]]) - this.rootAt([[k, down]])) / (up - down)) * this.gradient;
  }

  /** Run the backward pass once: `steps[0]` seeds the root, then there is one step for each edge. */
  replay() {
    const grads = [...this.initial];
    const root = this.root;
    const before = grads[root];
    grads[root] += this.gradient;
    const counts = this.nodes.map(() => 0);
    /** @type {number[][]} the steps in which each node's grad grows */
    this.arrivals = this.nodes.map(() => []);
    this.arrivals[root].push(0);
    /** @type {Step[]} */
    this.steps = [{ edge: null, receiver: root, upstream: 0, partial: 0, contribution: this.gradient, before,
      after: grads[root], count: 1 }];
    const reached = new Set([root]); // a node that is not reached passes nothing on, not even 0 times infinity
    for (const edge of this.edges) {
      const partial = this.partials[edge.result][edge.position];
      if (partial === null || partial === undefined || !reached.has(edge.result)) continue;
      reached.add(edge.operand);
      const upstream = grads[edge.result];
      const was = grads[edge.operand];
      const contribution = upstream * partial;
      grads[edge.operand] = was + contribution;
      counts[edge.operand] += 1;
      this.arrivals[edge.operand].push(this.steps.length);
      this.steps.push({ edge, receiver: edge.operand, upstream, partial, contribution, before: was,
        after: grads[edge.operand], count: counts[edge.operand] });
    }
    this.expected = counts;
    this.final = grads;
    this.count = this.steps.length - 1;
    this.stepOf = new Map(this.steps.map((step, number) => [step.edge?.id, number]));
  }

  /** Return what the backward pass adds to a leaf's grad. */
  gradientOf(k) {
    return this.final[k] - this.initial[k];
  }

  // Moments: -1 is after the forward pass; smaller ones are during it, and those from 0 on are the steps.

  get first() {
    return -1 - this.computed.length;
  }

  get last() {
    return this.count + 1;
  }

  /** Return the node that is computed at a moment of the forward pass. */
  computedAt(moment) {
    return moment < 0 ? this.computed[moment + this.computed.length] ?? null : null;
  }

  knows(k, moment) {
    if (moment >= -1 || !this.nodes[k].op) return true;
    return this.rank.get(k) <= moment + this.computed.length;
  }

  /** Return the step that made a node's grad what it is at a moment; -1 if none has arrived. */
  arrived(k, moment) {
    const steps = this.arrivals[k];
    let found = -1;
    for (const step of steps) {
      if (step > moment) break;
      found = step;
    }
    return found;
  }

  /** Return the contribution of an edge at a moment; null before it has flowed. */
  flowed(edge, moment) {
    const number = this.stepOf.get(edge.id);
    return number !== undefined && number <= moment ? this.steps[number].contribution : null;
  }
}

/**
 * Find the paths from a node to the root: their number, and those with the largest products of local
 * derivatives. The sum of all products is the gradient.
 * @param {Graph} graph
 */
export function paths(graph, from, most = 6) {
  /** @type {({ product: number, edges: Edge[] }[] | undefined)[]} */
  const best = graph.nodes.map(() => undefined);
  const counts = graph.nodes.map(() => 0);
  best[graph.root] = [{ product: graph.gradient, edges: [] }];
  counts[graph.root] = 1;
  const size = (path) => (Number.isNaN(path.product) ? Infinity : Math.abs(path.product));
  for (const { edge, partial } of graph.steps.slice(1)) {
    const onward = best[edge.result];
    if (!onward) continue;
    counts[edge.operand] += counts[edge.result];
    const found = onward.map((path) => ({ product: path.product * partial, edges: [edge, ...path.edges] }));
    best[edge.operand] = [...(best[edge.operand] || []), ...found].sort((a, b) => size(b) - size(a)).slice(0, most);
  }
  return { count: counts[from], largest: best[from] || [] };
}
