// Training: batches in Python's order, the mean gradient of each, and one step of the optimiser.

/** The steps of nn.SGD and nn.Adam. @type {Record<string, (state: any, k: number, gradient: number, rate: number) => number>} */
const STEP = {
  SGD(state, k, gradient, rate) {
    state.first[k] = state.momentum * state.first[k] + gradient;
    return rate * state.first[k];
  },
  Adam(state, k, gradient, rate) {
    const [first, second] = state.betas;
    state.first[k] += (1 - first) * (gradient - state.first[k]);
    state.second[k] = second * state.second[k] + (1 - second) * gradient * gradient;
    const size = Math.sqrt(state.second[k]) / Math.sqrt(1 - second ** state.steps) + state.eps;
    return ((rate / (1 - first ** state.steps)) * state.first[k]) / size;
  },
};

export class Trainer {
  /**
   * @param {import("./tape.js").Tape} tape @param {{ inputs: number[][], targets: number[] }} data
   * @param {import("./random.js").Random} rng the generator that orders the examples
   * @param {{ optimiser: string, rate: number, batch: number, decay: number, kind: string, momentum?: number,
   *   betas?: number[], eps?: number }} settings `kind` of regularisation is "L1" or "L2"
   */
  constructor(tape, data, rng, settings) {
    this.tape = tape;
    this.data = data;
    this.rng = rng;
    this.settings = settings;
    const count = tape.graph.parameters.length;
    this.state = { first: new Float64Array(count), second: new Float64Array(count), steps: 0,
      momentum: settings.momentum ?? 0, betas: settings.betas ?? [0.9, 0.999], eps: settings.eps ?? 1e-8 };
    this.waiting = [];
    this.epochs = 0;
  }

  /** Return the examples of the next batch. */
  nextBatch() {
    if (!this.waiting.length) this.waiting = this.rng.order(this.data.targets.length);
    const batch = this.waiting.splice(0, this.settings.batch || this.data.targets.length);
    if (!this.waiting.length) this.epochs += 1;
    return batch;
  }

  /** Return the mean loss and gradient of some examples. */
  gradient(batch) {
    const { tape, data } = this;
    tape.zero();
    let loss = 0;
    for (const k of batch) {
      loss += tape.loss(data.inputs[k], data.targets[k]);
      tape.backward();
    }
    return loss / batch.length;
  }

  /** Train on one batch: the gradient and the step; return the loss before the step. */
  step(batch = this.nextBatch()) {
    const { tape, settings } = this;
    const loss = this.gradient(batch);
    this.move(tape.graph.parameters.map((k) => tape.grads[k] / batch.length), settings.rate);
    return loss;
  }

  move(gradients, rate) {
    const { tape, settings, state } = this;
    state.steps += 1;
    tape.graph.parameters.forEach((node, k) => {
      const w = tape.values[node];
      const pull = settings.kind === "L1" ? Math.sign(w) : w;
      tape.values[node] = w - STEP[settings.optimiser](state, k, gradients[k] + settings.decay * pull, rate);
    });
  }

  epoch() {
    const before = this.epochs;
    let [loss, count] = [0, 0];
    while (this.epochs === before) {
      const batch = this.nextBatch();
      loss += this.step(batch) * batch.length;
      count += batch.length;
    }
    return loss / count;
  }
}

/** Return the mean loss of a tape over some data. */
export function meanLoss(tape, data) {
  return data.targets.reduce((sum, target, k) => sum + tape.loss(data.inputs[k], target), 0) / data.targets.length;
}
