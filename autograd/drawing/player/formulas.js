// Format formulas: a rule with names or numbers filled in, a value as an expression of its operands.
import { fixed, plain } from "./numbers.js";

const BINDING = { add: 1, sub: 1, mul: 2, div: 2, mod: 2, neg: 3, pos: 3, pow: 4 };
const TIGHTEST = 9;
const MOST = 6;
const SIGNS = { "+": 1, "-": 1, "−": 1, "*": 2, "×": 2, "/": 2, "%": 2, "**": 4 };

/** Return the precedence of the loosest operator of a name outside brackets. */
function tightnessOf(name) {
  let outside = name;
  for (let before = ""; outside !== before;) {
    before = outside;
    outside = outside.replace(/\([^()[\]]*\)|\[[^()[\]]*\]/g, "");
  }
  const found = outside.replace(/^[-+−]+|[-+−]+$/g, "").match(/\*\*|[-+−*×/%]/g) ?? [];
  if (found.length) return Math.min(...found.map((sign) => SIGNS[sign]));
  return /^[-+−]/.test(outside) ? BINDING.neg : TIGHTEST;
}

/** Return a name in parentheses if it is an expression whose operators bind less tightly than `binding`. */
export function grouped(name, binding = TIGHTEST) {
  return tightnessOf(name) < binding ? `(${name})` : name;
}

/** Replace ASCII operators by mathematical symbols, wherever they are spaced as in a formula. */
export function signs(text) {
  return text.replaceAll("->", "→").replaceAll(" * ", " × ").replaceAll(" - ", " − ")
    .replace(/(?<![\w.)])-(?=[\w.(])/g, "−");
}

/** Return a rule with some of its names replaced, and integers without their `.0`. */
export function fill(rule, words) {
  const shown = signs(rule.replace(/\b(\d+)\.0\b/g, "$1"));
  return shown.replace(/\b[A-Za-z_]\w*\b/g, (name) => (Object.hasOwn(words, name) ? words[name] : name));
}

const listed = (words) =>
  (words.length <= MOST ? words : [...words.slice(0, MOST - 2), "…", words[words.length - 1]]).join(", ");

/** Return an operation applied to operands as it is written: `a × b`, `tanh(a)`, `total(a, b)`. */
export function applied(name, op, words) {
  if (op.written) return fill(op.written, Object.fromEntries(op.operands.map((x, k) => [x, words[k]])));
  if (!op.variadic || op.operands.length === 1) return `${name}(${listed(words)})`;
  const size = words.length / op.operands.length;
  return `${name}(${op.operands.map((_, k) => `[${listed(words.slice(k * size, (k + 1) * size))}]`).join(", ")})`;
}

/** Return the operation that computed a value, in the names of its operands; "" for a leaf. */
export function formulaOf(graph, k) {
  const node = graph.nodes[k];
  if (!node.op) return "";
  const op = graph.op(k);
  const binding = op.written ? BINDING[node.op] ?? TIGHTEST : 0;
  return applied(node.op, op, node.of.map((item, position) => (
    typeof item === "number" ? grouped(graph.word(item), binding && binding + Number(position === 1)) : graph.word(item)
  )));
}

/**
 * Return a value as one expression of leaves, of at most so many letters; if it would be longer, deep
 * parts stay names.
 */
export function expression(graph, root, most = 110) {
  let found = formulaOf(graph, root) || graph.nodes[root].name;
  for (let depth = 2; depth < 40; depth += 1) {
    const room = { left: 4 * most };
    const text = unfolded(graph, root, depth, room)[0];
    if (room.left < 0 || text.length > most) return found;
    if (text === found && depth > 2) return found;
    found = text;
  }
  return found;
}

function unfolded(graph, item, depth, room) {
  if (typeof item === "object") return [plain(item.c), TIGHTEST];
  const node = graph.nodes[item];
  if (!node.op || depth === 0 || room.left < 0) {
    room.left -= node.name.length;
    return [node.name, tightnessOf(node.name)];
  }
  const binding = BINDING[node.op] ?? TIGHTEST;
  const op = graph.op(item);
  const words = node.of.map((operand, position) => {
    const [text, tightness] = unfolded(graph, operand, depth - 1, room);
    const loose = tightness < binding || (tightness === binding && position === 1);
    return loose && op.written ? `(${text})` : text;
  });
  room.left -= 4;
  return [applied(node.op, op, words), op.written ? binding : TIGHTEST];
}

const inFormula = (x) => (x < 0 ? `(${fixed(x)})` : fixed(x));

/** Return the rule of one partial: in the operands' names, and in their numbers. */
export function ruleOf(graph, edge) {
  const { result, position } = edge;
  const node = graph.nodes[result];
  const op = graph.op(result);
  const count = node.of.length;
  const groups = op.operands.length;
  const size = op.variadic ? count / groups : 1;
  const which = op.variadic ? Math.floor(position / size) : position;
  const numbers = node.of.map((item) => graph.number(item));
  const out = graph.data[result];
  let rule = op.variadic ? op.rules[which]() : op.rules[which](...numbers, out);
  if (op.variadic) rule = rule.replaceAll(`len(${op.operands[0]})`, String(size));
  const mentioned = op.variadic ? op.operands.map((_, k) => (position % size) + k * size) : node.of.map((_, k) => k);
  const names = op.variadic ? op.elements : op.operands;
  const words = (write, result) =>
    ({ ...Object.fromEntries(names.map((name, k) => [name, write(mentioned[k])])), out: result });
  const name = (item) => (typeof item === "number" ? grouped(graph.word(item)) : graph.word(item));
  const symbols = fill(rule, words((k) => name(node.of[k]), grouped(node.name)));
  const alone = node.of.find((item) => symbols === `(${graph.word(item)})`);
  return {
    symbols: alone === undefined ? symbols : graph.word(alone),
    numbers: fill(rule, words((k) => inFormula(numbers[k]), inFormula(out))),
    value: inFormula(graph.partials[result][position] ?? 0),
  };
}

/** Return a name, or the beginning and the end of a long one. */
export function abridged(name, most = 14) {
  return name.length <= most ? name : `${name.slice(0, most / 2)}…${name.slice(-(most / 2 - 1))}`;
}

/** Return the domain of an operation as a condition on its operands, in their names. */
export function needs(graph, k) {
  const op = graph.op(k);
  const words = op.variadic ? {} : Object.fromEntries(op.operands.map((name, j) => [name, graph.word(graph.nodes[k].of[j])]));
  return fill(op.needs, words).replaceAll(">=", "≥").replaceAll("<=", "≤").replaceAll("!=", "≠");
}
