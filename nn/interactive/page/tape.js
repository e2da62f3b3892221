// A recorded graph that can be evaluated: forward with the table's values, backward with its partials.

/**
 * @typedef {{ op: string | null, of: (number | { c: number })[] }} Recorded operands before results
 * @typedef {{ nodes: Recorded[], inputs: number[], target: number, parameters: number[], output: number, loss: number,
 *   layers: { activation: string, neurons: { weights: number[], bias: number, sum: number, total: number, out: number }[] }[] }} Network
 */

export class Tape {
  /** @param {Network} graph @param {any} ops the operations in JavaScript */
  constructor(graph, ops) {
    this.graph = graph;
    const count = graph.nodes.length;
    this.values = new Float64Array(count);
    this.grads = new Float64Array(count);
    const moving = new Uint8Array(count);
    for (const k of graph.parameters) moving[k] = 1;
    graph.nodes.forEach((node, k) => {
      if (node.of.some((item) => typeof item === "number" && moving[item])) moving[k] = 1;
    });
    /** The functions that compute each node, in order, and that pass its gradient on. */
    this.forwards = [];
    this.backwards = [];
    this.toOutput = 0;
    graph.nodes.forEach((node, k) => {
      if (!node.op) return;
      const [forward, backward] = this.steps(k, node, ops[node.op], moving);
      this.forwards.push(forward);
      this.backwards.push(backward);
      if (k <= graph.output) this.toOutput = this.forwards.length;
    });
    this.backwards.reverse();
  }

  /** Return the two functions of a node, specialised for one and two operands and the dot product. */
  steps(k, node, op, moving) {
    const { values, grads } = this;
    const indices = node.of.filter((item) => typeof item === "number");
    const whole = indices.length === node.of.length;
    if (node.op === "dot" && whole) {
      const half = indices.length / 2;
      const [ws, xs] = [Int32Array.from(indices.slice(0, half)), Int32Array.from(indices.slice(half))];
      const passes = xs.some((x) => moving[x]);
      return [() => {
        let sum = 0;
        for (let j = 0; j < half; j += 1) sum += values[ws[j]] * values[xs[j]];
        values[k] = sum;
      }, () => {
        const upstream = grads[k];
        for (let j = 0; j < half; j += 1) grads[ws[j]] += upstream * values[xs[j]];
        if (passes) for (let j = 0; j < half; j += 1) grads[xs[j]] += upstream * values[ws[j]];
      }];
    }
    if (whole && !op.variadic && indices.length === 1) {
      const [x] = indices;
      return [() => { values[k] = op.value(values[x]); }, () => {
        if (moving[x]) grads[x] += grads[k] * op.partials(values[x], values[k])[0];
      }];
    }
    if (whole && !op.variadic && indices.length === 2) {
      const [x, y] = indices;
      return [() => { values[k] = op.value(values[x], values[y]); }, () => {
        const [dx, dy] = op.partials(values[x], values[y], values[k]);
        if (moving[x] && dx !== null) grads[x] += grads[k] * dx;
        if (moving[y] && dy !== null) grads[y] += grads[k] * dy;
      }];
    }
    const size = node.of.length / op.operands.length;
    const operands = () => {
      const all = node.of.map((item) => (typeof item === "number" ? values[item] : item.c));
      return op.variadic ? op.operands.map((_, j) => all.slice(j * size, (j + 1) * size)) : all;
    };
    return [() => { values[k] = op.value(...operands()); }, () => {
      const partials = op.partials(...operands(), values[k]);
      node.of.forEach((item, j) => {
        if (typeof item === "number" && moving[item] && partials[j] !== null) grads[item] += grads[k] * partials[j];
      });
    }];
  }

  setParameters(numbers) {
    this.graph.parameters.forEach((k, j) => { this.values[k] = numbers[j]; });
  }

  get parameters() {
    return this.graph.parameters.map((k) => this.values[k]);
  }

  /** Return the output for some inputs. */
  predict(inputs) {
    const { values, graph, forwards, toOutput } = this;
    for (let j = 0; j < inputs.length; j += 1) values[graph.inputs[j]] = inputs[j];
    for (let j = 0; j < toOutput; j += 1) forwards[j]();
    return values[graph.output];
  }

  /** Return the loss of one example. */
  loss(inputs, target) {
    const { values, graph, forwards } = this;
    for (let j = 0; j < inputs.length; j += 1) values[graph.inputs[j]] = inputs[j];
    values[graph.target] = target;
    for (let j = 0; j < forwards.length; j += 1) forwards[j]();
    return values[graph.loss];
  }

  /** Add the gradient of the last `loss` to the parameters' grads; all other grads start from 0. */
  backward() {
    const { grads, graph, backwards } = this;
    const kept = graph.parameters.map((k) => grads[k]);
    grads.fill(0);
    graph.parameters.forEach((k, j) => { grads[k] = kept[j]; });
    grads[graph.loss] = 1;
    for (let j = 0; j < backwards.length; j += 1) backwards[j]();
  }

  zero() {
    for (const k of this.graph.parameters) this.grads[k] = 0;
  }
}
