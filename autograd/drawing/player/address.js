// The state that the address keeps behind its #: moment, edited numbers, zoom, theme, language, chosen value.
import { parsed } from "./numbers.js";

/** @typedef {{ moment: number | null, edits: [number, number][], view: number[] | null, theme: string, language: string,
 *   chosen: number | null }} Kept */

/** @param {Kept} kept @returns {string} */
export function written({ moment, edits, view, theme, language, chosen }) {
  const parts = [String(moment)];
  for (const [k, x] of edits) parts.push(`d${k}=${x}`);
  if (view) parts.push(`view=${view.map((x) => Math.round(x)).join(",")}`);
  if (theme) parts.push(`theme=${theme}`);
  if (language) parts.push(`lang=${language}`);
  if (chosen !== null) parts.push(`value=${chosen}`);
  return `#${parts.join("&")}`;
}

/** Read the state of an address; invalid parts are ignored. @param {string} text @returns {Kept} */
export function read(text) {
  const [first, ...rest] = text.replace(/^#/, "").split("&");
  const whole = (item) => (/^-?\d+$/.test(item ?? "") ? Number(item) : null);
  const parts = new Map(rest.map((item) => [item.split("=")[0], item.split("=").slice(1).join("=")]));
  /** @type {[number, number][]} */
  const edits = [];
  for (const [key, value] of parts) {
    const [k, x] = [whole(key.slice(1)), parsed(value)];
    if (key[0] === "d" && k !== null && x !== null) edits.push([k, x]);
  }
  const view = (parts.get("view") || "").split(",").map(Number);
  const one = (key, known) => (known.includes(parts.get(key)) ? parts.get(key) : "");
  return {
    moment: whole(first), edits, view: view.length === 4 && view.every(Number.isFinite) && view[2] > 0 && view[3] > 0 ? view : null,
    theme: one("theme", ["light", "dark"]), language: one("lang", ["en", "ja"]), chosen: whole(parts.get("value")),
  };
}
