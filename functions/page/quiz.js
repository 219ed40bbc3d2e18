// The quiz, answered in place. It is graded on the server, which keeps the keys: the page could not tell if it tried.

import { el, newId, section } from "./dom.js";
import { field, form, input } from "./forms.js";
import { code, inline, markdown } from "./markdown.js";
import { Problem } from "./api.js";
import { resultPlace } from "./result.js";

export function quizForm(lesson, work) {
  const result = resultPlace(work);
  const intro = lesson.sections.find(({ kind }) => kind === "quiz");
  const ids = lesson.quiz.map((one) => one.question_id);
  return section(
    2,
    intro?.title ?? "Quiz",
    markdown(intro?.body ?? ""),
    form(
      "Quiz",
      [lesson.quiz.map((one, at) => question(one, at + 1)), el("button", { class: "primary" }, "Check my answers")],
      async (values) => {
        const given = Object.entries(values).filter(([id, answer]) => ids.includes(id) && answer !== "");
        if (!given.length) throw nothingAnswered();
        const quiz = { kind: "quiz", quiz_id: lesson.quiz_id, answers: Object.fromEntries(given) };
        const missing = ids.length - given.length;
        const answer = await work.report([quiz], "quiz");
        await result.show(answer, (explanation) => graded(answer, explanation, ids.length, missing));
      },
    ),
    result.element,
  );
}

/** How many were right, as the server graded it; which of them it does not say. */
function graded(answer, explanation, total, missing) {
  const sent = answer.evidence.map((one) => one.evidence_id);
  const attempt = explanation?.components.quiz.evidence.find((one) => sent.includes(one.evidence_id));
  const right = attempt ? `${Math.round((attempt.score * total) / 100)} of ${total} right` : "Your answers were taken";
  return missing ? `${right}; ${missing} without an answer count as wrong.` : `${right}.`;
}

function nothingAnswered() {
  return new Problem({ status: 400, title: "Nothing to check", detail: "Answer at least one question." });
}

function question(one, number) {
  return el(
    "fieldset",
    {},
    el("legend", {}, `${number}. `, inline(one.prompt)),
    one.code ? code(one.code) : null,
    one.type === "multiple_choice" ? choices(one) : written(one),
  );
}

function choices({ question_id: name, options }) {
  return options.map(({ option_id: value, text }) => {
    const id = newId("choice");
    return el(
      "div",
      { class: "choice" },
      el("input", { type: "radio", id, name, value }),
      el("label", { for: id }, inline(text)),
    );
  });
}

/** What a program prints may have several lines. */
function written({ question_id: name, type }) {
  const quiet = { spellcheck: "false", autocapitalize: "none" };
  if (type === "code_output")
    return field("What it prints", el("textarea", { name, rows: "2", class: "typed", ...quiet }));
  return field("What belongs in the blank", input(name, { class: "typed", ...quiet }));
}
