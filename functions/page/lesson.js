// A lesson, worked through in place: its parts, what is reported of them, and what each report did to the figures.

import { el, section } from "./dom.js";
import { get, part, post } from "./api.js";
import { field, form, action } from "./forms.js";
import { toLearner } from "./navigation.js";
import { quizForm } from "./quiz.js";
import { resultPlace } from "./result.js";
import { lessonSection } from "./sections.js";
import { bar, lessonType, percent, plural, status as statusWord } from "./words.js";

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

/** One learner's work on one lesson: what of it is done, and how that is told to the server. */
class Work {
  constructor(userId, lesson, standing) {
    this.userId = userId;
    this.lessonId = lesson.lesson_id;
    this.parts = [...lesson.exercises.map((one) => one.exercise_id), ...(lesson.quiz.length ? ["quiz"] : [])];
    this.metrics = standing.progress_data?.achievement_metrics ?? {};
    this.done = new Set(Array.isArray(this.metrics.parts_done) ? this.metrics.parts_done : []);
    this.line = el("p", { class: "progress" });
    this.show(standing);
  }

  show({ progress_percentage: reached, status }) {
    this.line.replaceChildren(bar(reached), ` ${percent(reached)}, ${statusWord(status)}`);
  }

  /** Sends evidence; `finished` is the part of the lesson that is done by it, if one is. */
  async report(evidence, finished = null) {
    const done = new Set(finished ? [...this.done, finished] : this.done);
    const reached = this.parts.filter((name) => done.has(name)).length;
    // nine tenths are the parts; the last is the learner's own word that the lesson is done
    const percentage = this.parts.length ? Math.round((90 * reached) / this.parts.length) : 0;
    const metrics = { ...this.metrics, parts_done: [...done] }; // so that a reload knows them
    const answer = await this.send({
      evidence,
      progress_data: { completion_percentage: percentage, achievement_metrics: metrics },
    });
    this.done = done;
    return answer;
  }

  async send(observed) {
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const who = { user_id: this.userId, lesson_id: this.lessonId };
    const answer = await post("/update-progress", {
      ...who,
      ...observed,
      ...(timezone && timezone !== "Etc/Unknown" ? { timezone } : {}),
    });
    this.show(answer);
    return answer;
  }
}

function ending(work) {
  const stuckResult = resultPlace(work.userId);
  const doneResult = resultPlace(work.userId);
  const words = el("textarea", { name: "text", rows: "2", maxlength: "4000" }, "I'm stuck.");
  return [
    section(
      2,
      "Stuck?",
      form(
        "Say that you are stuck",
        [
          field("Your message", words, "Kept as evidence of this topic; your teacher sees that you need help."),
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
