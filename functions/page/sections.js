// The parts of a lesson by their kind. Prose is Markdown, code is shown with what it printed when it was run.

import { el, section } from "./dom.js";
import { exercise } from "./exercise.js";
import { code, markdown } from "./markdown.js";

export function lessonSection(one, lesson, work) {
  if (one.kind === "exercise") {
    const found = lesson.exercises.find(({ exercise_id: id }) => id === one.exercise_id);
    if (found) return exercise(found, one.hints_shown ?? 0, work);
  }
  const parts = [
    one.code ? code(one.code) : null,
    one.stdin ? [el("p", { class: "note" }, "It reads"), output(one.stdin)] : null,
    one.expected_stdout ? [el("p", { class: "note" }, "It prints"), output(one.expected_stdout)] : null,
    markdown(one.body),
  ];
  const made = section(2, one.title, ...parts);
  made.className = one.kind === "callout" ? "callout" : "prose";
  return made;
}

/** What a program prints, told apart from a program. */
function output(text) {
  return el("pre", { class: "output" }, el("samp", {}, text.replace(/\n$/, "")));
}
