// An exercise: what to write, the tests that may be seen, hints one by one, and a place to say how it went.

import { el, focusOn, section, table } from "./dom.js";
import { field, form, input } from "./forms.js";
import { code, inline, markdown } from "./markdown.js";
import { announce } from "./messages.js";
import { resultPlace } from "./result.js";
import { plural } from "./words.js";

export function exercise(given, hintsShown, work) {
  const result = resultPlace(work);
  const made = section(
    2,
    `Exercise: ${given.title}`,
    markdown(given.instructions),
    el("h3", {}, "Start from"),
    code(given.starter_code),
    tests(given),
    hints(given, hintsShown),
    reportForm(given, work, result),
    result.element,
  );
  made.className = "exercise";
  return made;
}

function tests(given) {
  const seen = given.test_cases.filter((test) => !test.hidden);
  const hidden = given.test_cases.length - seen.length;
  const shown = (text) => el("pre", {}, el("samp", {}, text || "(nothing)"));
  return [
    el("h3", {}, "Tests"),
    table(
      `Tests that you can see of “${given.title}”`,
      ["Test", "Input", "Expected output"],
      seen.map((test, at) => [String(at + 1), shown(test.input), shown(test.expected_output)]),
    ),
    hidden ? el("p", { class: "note" }, `and ${plural(hidden, "more test")} that you cannot see.`) : null,
  ];
}

/** The next hint is shown when it is asked for, and not before: thinking first is the exercise. */
function hints(given, shown) {
  const list = el("ol", { class: "hints" });
  const button = el("button", { type: "button" });
  const reveal = () => {
    const item = el("li", {}, inline(given.hints[list.children.length]));
    list.append(item);
    const next = list.children.length + 1;
    button.textContent = `Show hint ${next} of ${given.hints.length} for “${given.title}”`;
    button.hidden = next > given.hints.length;
    return item;
  };
  button.textContent = `Show hint 1 of ${given.hints.length} for “${given.title}”`;
  for (let at = 0; at < Math.min(shown, given.hints.length); at += 1) reveal();
  button.addEventListener("click", () => focusOn(reveal()));
  return [el("h3", {}, "Hints"), list, button];
}

function reportForm(given, work, result) {
  const total = given.test_cases.length;
  const number = (name, most, attributes = {}) => input(name, { type: "number", min: "0", max: most, ...attributes });
  return form(
    `Report how “${given.title}” went`,
    [
      el("h3", {}, "How did it go?"),
      el(
        "p",
        { class: "note" },
        "Run your code in your own editor: no learner’s code is run here. Then say what came of it.",
      ),
      el(
        "div",
        { class: "side" },
        field("Tests passed", number("passed_tests", total), `of ${total}`),
        field("Minutes spent", number("minutes", 1440, { step: "any" }), "if you know"),
        field("Error it stopped with", input("error_type", { spellcheck: "false" }), "if any, e.g. NameError"),
      ),
      el("button", {}, "Report"),
    ],
    async (values) => {
      announce("Sending");
      const passed = Number(values.passed_tests) === total;
      const answer = await work.report(evidence(given, values), passed ? given.exercise_id : null);
      await result.show(answer, passed ? "Passed, and taken." : "Your result was taken.");
    },
  );
}

/** What was filled in, as evidence; what is wrong with it the server says. */
function evidence(given, { passed_tests: passed, minutes, error_type: error }) {
  const about = { exercise_id: given.exercise_id };
  const total = given.test_cases.length;
  return [
    { kind: "exercise", ...about, passed_tests: passed === "" ? null : Number(passed), total_tests: total },
    error ? { kind: "execution", ...about, ok: false, error_type: error } : null,
    Number(minutes) ? { kind: "time_on_task", ...about, seconds: Number(minutes) * 60 } : null,
  ].filter(Boolean);
}
