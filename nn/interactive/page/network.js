// A multilayer perceptron as a graph, as nn.MLP records it, and its initial weights.

const DEVIATION = { xavier: (inputs, outputs) => Math.sqrt(6 / (inputs + outputs)), he: (inputs) => Math.sqrt(2 / inputs) };

/** Return the initial weights and biases, in the order of `model.parameters()`, as nn draws them. */
export function firstWeights(rng, inputs, widths, activations) {
  const found = [];
  widths.forEach((width, layer) => {
    const before = layer ? widths[layer - 1] : inputs;
    const he = activations[layer].includes("relu");
    for (let neuron = 0; neuron < width; neuron += 1) {
      for (let k = 0; k < before; k += 1) {
        const bound = he ? DEVIATION.he(before) : DEVIATION.xavier(before, width);
        found.push(he ? rng.gauss(0, bound) : rng.uniform(-bound, bound));
      }
      found.push(0);
    }
  });
  return found;
}

/**
 * @param {number} inputs @param {number[]} widths @param {string[]} activations
 * @param {{ nodes: any[], prediction: number, target: number, loss: number }} loss the recorded loss of one example
 * @returns {import("./tape.js").Network}
 */
export function network(inputs, widths, activations, loss) {
  const nodes = [];
  const leaf = () => nodes.push({ op: null, of: [] }) - 1;
  const apply = (op, ...of) => nodes.push({ op, of }) - 1;
  const given = Array.from({ length: inputs }, leaf);
  const parameters = [];
  let before = given;
  const layers = widths.map((width, layer) => {
    const neurons = Array.from({ length: width }, () => {
      const weights = before.map(leaf);
      const bias = leaf();
      parameters.push(...weights, bias);
      const sum = apply("dot", ...weights, ...before);
      const total = apply("add", sum, bias);
      const out = activations[layer] === "linear" ? total : apply(activations[layer], total);
      return { weights, bias, sum, total, out };
    });
    before = neurons.map((neuron) => neuron.out);
    return { activation: activations[layer], neurons };
  });
  const output = before[0];
  const target = leaf();
  const place = new Map([[loss.prediction, output], [loss.target, target]]);
  loss.nodes.forEach((node, k) => {
    if (place.has(k)) return;
    place.set(k, apply(node.op, ...node.of.map((item) => (typeof item === "number" ? place.get(item) : item))));
  });
  return { nodes, inputs: given, target, parameters, output, loss: place.get(loss.loss), layers };
}
