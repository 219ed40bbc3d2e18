// The Markdown of lessons as elements. The server can render it too (`?format=html`), but that is a whole page without
// places for answers and hints, and putting its text in would need a sanitiser: a string that is never parsed as markup
// needs none. What this does not know (HTML, images, tables) is shown as it was written.

import { el } from "./dom.js";

const FENCE = /^ *(```+|~~~+)/;
const HEADING = /^#{1,6} +(.*)$/;
const ITEM = /^ *(?:[-*+]|(\d+)[.)]) +(.*)$/;
const INLINE =
  /(`+)(?!`)(.+?)(?<!`)\1(?!`)|\*\*(?=\S)(.+?)\*\*|\*(?=[^\s*])(.+?)\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/su;

/** Blocks of text as a list of elements. */
export function markdown(text) {
  const lines = String(text).split("\n");
  const found = [];
  while (lines.length) {
    if (!lines[0].trim()) lines.shift();
    else found.push(block(lines));
  }
  return found;
}

function block(lines) {
  if (FENCE.test(lines[0])) return fenced(lines);
  if (HEADING.test(lines[0])) return el("p", {}, el("strong", {}, inline(HEADING.exec(lines.shift())[1])));
  if (ITEM.test(lines[0])) return list(lines);
  return el("p", {}, inline(take(lines, startsParagraph).join("\n")));
}

/** The first line and those after it that `goesOn`. */
function take(lines, goesOn) {
  const taken = [lines.shift()];
  while (lines.length && goesOn(lines[0])) taken.push(lines.shift());
  return taken;
}

function startsParagraph(line) {
  return line.trim() && ![FENCE, HEADING, ITEM].some((kind) => kind.test(line));
}

function fenced(lines) {
  const fence = FENCE.exec(lines.shift())[1];
  const end = lines.findIndex((line) => line.trim().startsWith(fence));
  const inside = lines.splice(0, end === -1 ? lines.length : end);
  lines.shift();
  return code(inside.join("\n"));
}

function list(lines) {
  const [, number] = ITEM.exec(lines[0]);
  const items = [];
  while (lines.length && ITEM.test(lines[0])) {
    const [first, ...rest] = take(lines, startsParagraph);
    items.push(el("li", {}, inline([ITEM.exec(first)[2], ...rest.map((line) => line.trim())].join("\n"))));
  }
  return number ? el("ol", { start: number }, items) : el("ul", {}, items);
}

/** Code, strong and emphasised text and links within a line, the rest as it is. */
export function inline(text) {
  const found = [];
  let rest = text;
  for (let match; (match = INLINE.exec(rest)); rest = rest.slice(match.index + match[0].length)) {
    const [, , verbatim, strong, emphasis, label, target] = match;
    found.push(rest.slice(0, match.index));
    if (verbatim !== undefined) found.push(el("code", {}, verbatim));
    else if (strong !== undefined) found.push(el("strong", {}, inline(strong)));
    else if (emphasis !== undefined) found.push(el("em", {}, inline(emphasis)));
    else found.push(el("a", { href: target, rel: "noopener noreferrer" }, inline(label)));
  }
  return [...found, rest];
}

/** A block of code. */
export function code(text) {
  return el("pre", {}, el("code", {}, text.replace(/\n$/, "")));
}
