// What to do next: the reason first, then the lesson for it, the one that is there already or a new one.

import { el, section } from "./dom.js";
import { post } from "./api.js";
import { action } from "./forms.js";
import { announce } from "./messages.js";
import { go, toLesson } from "./navigation.js";

const TITLES = {
  start: "Begin here",
  continue_lesson: "Go on with your lesson",
  review: "Time to review",
  practise: "Practise",
  next_lesson: "Your next lesson",
};

export function nextStep(userId, step, names, lessons, progress) {
  const there = unfinished(step, lessons, progress);
  const wanted = { topic: step.topic, lesson_type: step.action === "review" ? "review" : "standard" };
  return section(
    2,
    TITLES[step.action] ?? "Next",
    el("p", { class: "lead" }, step.reason),
    there
      ? el("p", {}, el("a", { class: "button", href: toLesson(userId, there.lesson_id) }, `Open “${there.title}”`))
      : request(userId, wanted, step.topic ? `Write me a lesson on ${names(step.topic)}` : "Write me a lesson", {
          class: "primary",
        }),
  );
}

/** A lesson that was begun, or written ahead, for this step. */
function unfinished(step, lessons, progress) {
  const fits = (lesson) => lesson.topic === step.topic && (step.action !== "review" || lesson.lesson_type === "review");
  return lessons.find((lesson) => fits(lesson) && progressOf(lesson, progress).status !== "completed");
}

/** From the learner's record where it names the lesson: the list follows it by events, a moment later. */
export function progressOf(lesson, progress) {
  const own = progress.find((row) => row.lesson_id === lesson.lesson_id);
  return own ?? lesson.progress ?? { status: "not_started", progress_percentage: 0 };
}

/** A button that has a lesson written and opens it. */
export function request(userId, wanted, label, attributes = {}) {
  return action(label, () => write(userId, wanted), attributes);
}

export async function write(userId, wanted) {
  announce("The lesson is being written");
  const given = Object.entries(wanted).filter(([, value]) => value !== null && value !== "");
  const lesson = await post("/generate-lesson", { user_id: userId, ...Object.fromEntries(given) });
  go(toLesson(userId, lesson.lesson_id));
}
