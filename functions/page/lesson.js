// A lesson, worked through in place: its parts, what is reported of them, and what each report did to the figures.

import { el, section } from "./dom.js";
import { get, part } from "./api.js";
import { field, form, action } from "./forms.js";
import { toLearner } from "./navigation.js";
import { quizForm } from "./quiz.js";
import { resultPlace } from "./result.js";
import { lessonSection } from "./sections.js";
import { lessonType, plural } from "./words.js";
import { Work } from "./work.js";

export async function lessonView(userId, lessonId) {
  const [lesson, standing] = await Promise.all([
    get(`/lessons/${part(lessonId)}`),
    get("/status", { user_id: userId, lesson_id: lessonId }),
  ]);
  const work = new Work(userId, lesson, standing);
  return {
    title: lesson.title,
    children: [
      el("p", {}, el("a", { href: toLearner(userId) }, `Back to how ${userId} is doing`)),
      head(lesson),
      work.line,
      lesson.sections.filter(({ kind }) => kind !== "quiz").map((one) => lessonSection(one, lesson, work)),
      lesson.quiz.length ? quizForm(lesson, work) : null,
      ending(work),
    ]
      .flat()
      .filter(Boolean),
  };
}

function head(lesson) {
  const { module, topic } = lesson.curriculum_elements;
  const minutes = `about ${plural(lesson.metadata.estimated_duration, "minute")}`;
  const facts = [module, topic, lessonType(lesson.lesson_type), lesson.difficulty_level, minutes].join(" · ");
  return el(
    "div",
    { class: "head" },
    el("p", { class: "note" }, facts),
    el("p", {}, el("strong", {}, "Why this lesson is as it is")),
    el(
      "ul",
      { class: "why" },
      lesson.personalisation.reasons.map((reason) => el("li", {}, reason)),
    ),
  );
}

function ending(work) {
  const stuckResult = resultPlace(work);
  const doneResult = resultPlace(work);
  const words = el("textarea", { name: "text", rows: "2", maxlength: "4000" }, "I'm stuck.");
  return [
    section(
      2,
      "Stuck?",
      form(
        "Say that you are stuck",
        [
          field("Your message", words, "Kept as evidence; where it says that you are stuck, your teacher is told."),
          el("button", {}, "Send"),
        ],
        async ({ text }) => stuckResult.show(await work.report([{ kind: "message", text }]), "Your message was taken."),
      ),
      stuckResult.element,
    ),
    section(
      2,
      "Done?",
      action("Mark this lesson as completed", async () =>
        doneResult.show(await work.send({ status: "completed" }), "The lesson is completed."),
      ),
      doneResult.element,
    ),
  ];
}
