// What the page says by itself: results for those who do not see them, and errors in words.

import { el } from "./dom.js";
import { Problem } from "./api.js";

/** Read out by a screen reader, without moving the focus. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** An error as a person reads it: what is wrong, with which field. */
export function problemBox(error) {
  if (!(error instanceof Problem)) throw error; // a mistake of the page's own belongs in the console
  const named = error.errors.filter(({ field }) => field);
  const list = named.map(({ field, message }) => el("li", {}, el("strong", {}, fieldName(field)), `: ${message}`));
  return el(
    "div",
    { class: "problem" },
    el("p", {}, el("strong", {}, error.title), named.length ? "" : `: ${error.message}`),
    list.length ? el("ul", {}, list) : null,
    error.status === 0 || error.status === 503 ? el("p", {}, "Nothing was saved. It is safe to try again.") : null,
  );
}

/** `evidence.0.total_tests` is for programs; a person knows it as `total tests`. */
function fieldName(path) {
  const names = path.split(".").filter((name) => !/^\d+$/.test(name));
  return (names.at(-1) || path).replaceAll("_", " ");
}

/** The part of a page that `load` makes, or the error in its place: an endpoint that fails takes no other part away. */
export async function orProblem(load) {
  try {
    return await load();
  } catch (error) {
    return problemBox(error);
  }
}
