// The learner's lessons, newest first, and the form that asks for another one.

import { el, focusOn } from "./dom.js";
import { get } from "./api.js";
import { field, form, input, select } from "./forms.js";
import { problemBox } from "./messages.js";
import { toLesson } from "./navigation.js";
import { progressOf, write } from "./next.js";
import { askedBy, bar, lessonType, moment, percent, plain, status } from "./words.js";

/** `page` is an answer of `GET /lessons`; more of them are read when asked for. */
export function lessonList(userId, page, progress) {
  if (!page.lessons.length) return el("p", {}, "None yet. The next step above writes the first one.");
  const list = el("ul", { class: "lessons" });
  const more = el("p", {});
  const add = ({ lessons, next_cursor: cursor }) => {
    const added = lessons.map((lesson) => lessonLine(userId, lesson, progressOf(lesson, progress)));
    list.append(...added);
    more.replaceChildren(...(cursor ? [moreButton(userId, cursor, add)] : []));
    return added[0];
  };
  add(page);
  return [list, more];
}

function moreButton(userId, cursor, add) {
  const button = el("button", { type: "button" }, "Older lessons");
  button.addEventListener("click", async () => {
    try {
      const added = add(await get("/lessons", { user_id: userId, include: "progress", cursor }));
      if (added) focusOn(added);
    } catch (error) {
      button.after(problemBox(error));
    }
  });
  return button;
}

function lessonLine(userId, lesson, progress) {
  const facts = [
    lessonType(lesson.lesson_type),
    lesson.difficulty_level,
    `about ${lesson.estimated_duration} minutes`,
    askedBy(lesson.requested_by),
  ].filter(Boolean);
  return el(
    "li",
    {},
    el("a", { href: toLesson(userId, lesson.lesson_id) }, lesson.title),
    el("span", { class: "note" }, `${plain(lesson.module)}: ${facts.join(", ")}; written `, moment(lesson.created_at)),
    el(
      "span",
      { class: "progress" },
      bar(progress.progress_percentage),
      " ",
      percent(progress.progress_percentage),
      `, ${status(progress.status)}`,
    ),
  );
}

const TYPES = [
  ["standard", "A lesson"],
  ["review", "A review"],
  ["remedial", "Step by step"],
  ["challenge", "A challenge"],
];

/** Any topic, of any kind, in the time there is. */
export function askForm(userId, modules) {
  const topics = el(
    "select",
    { name: "topic" },
    el("option", { value: "" }, "The best one for me"),
    modules.map(group),
  );
  const minutes = input("minutes", { type: "number", min: "5", max: "120", inputmode: "numeric" });
  return form(
    "Ask for another lesson",
    [
      el(
        "div",
        { class: "side" },
        field("Topic", topics),
        field("Kind", select("lesson_type", TYPES, "standard")),
        field("Minutes", minutes, "5 to 120, or empty"),
      ),
      el("button", {}, "Write this lesson"),
    ],
    ({ minutes: budget, ...wanted }) =>
      write(userId, { ...wanted, time_budget_minutes: budget === "" ? null : Number(budget) }),
  );
}

function group(module) {
  const options = module.topics.map((topic) => el("option", { value: topic.topic_id }, topic.topic));
  return el("optgroup", { label: module.module }, options);
}
