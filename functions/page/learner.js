// Where a learner stands, what comes next, and every lesson they have.

import { el, section } from "./dom.js";
import { get } from "./api.js";
import { dayByDay } from "./history.js";
import { askForm, lessonList } from "./lessons.js";
import { moduleCards } from "./mastery.js";
import { orProblem } from "./messages.js";
import { remember } from "./navigation.js";
import { nextStep, request } from "./next.js";
import { duration, levelChip, moment, percent, plural, trigger } from "./words.js";

export async function learnerView(userId) {
  const status = await get("/status", { user_id: userId, limit: 100 });
  remember("learners", userId);
  const names = topicNames(status.modules);
  let lessons = []; // the next step does without the list where the list cannot be read
  const listed = await orProblem(async () => {
    const page = await get("/lessons", { user_id: userId, include: "progress" });
    lessons = page.lessons;
    return lessonList(userId, page, status.all_lessons_progress);
  });
  return {
    title: `How ${userId} is doing`,
    children: [
      figures(status),
      el(
        "div",
        { class: "cards" },
        nextStep(userId, status.next_step, names, lessons, status.all_lessons_progress),
        reviews(userId, status.due_reviews, names),
        noticed(status.alerts, names),
      ),
      section(2, "Mastery by module", moduleCards(status.modules), dayByDay(userId)),
      section(2, "Your lessons", listed),
      section(2, "Another lesson", askForm(userId, status.modules)),
    ],
  };
}

/** Topics' titles by slug. */
function topicNames(modules) {
  const topics = modules.flatMap((module) => module.topics);
  return (slug) => topics.find((topic) => topic.topic_id === slug)?.topic ?? slug;
}

function figures(status) {
  const { streak, counts } = status;
  const shown = [
    ["Mastery", percent(status.overall_mastery), levelChip(status.level, status.colour)],
    ["Streak", plural(streak.current, "day"), `longest: ${plural(streak.longest, "day")}`],
    ["Time", duration(status.time_on_task_seconds), "as reported"],
    ["Lessons", `${counts.completed} of ${counts.total}`, "completed"],
    ["Topics", `${status.topics_started} of ${status.topics_total}`, "begun"],
  ];
  return el(
    "dl",
    { class: "figures" },
    shown.map(([name, figure, note]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, el("strong", {}, figure), el("span", { class: "note" }, note))),
    ),
  );
}

function reviews(userId, due, names) {
  if (!due.length) return null;
  const items = due.map((review) => {
    const late = review.overdue_days > 0 ? `due for ${plural(review.overdue_days, "day")}` : "due today";
    const wanted = { topic: review.topic_id, lesson_type: "review" };
    return el(
      "li",
      {},
      el("span", {}, `${names(review.topic_id)}, ${late}`),
      request(userId, wanted, `Review ${names(review.topic_id)}`),
    );
  });
  return section(2, "To review", el("ul", { class: "rows" }, items));
}

/** What the learner's teacher sees too; nobody should be watched without seeing how. */
function noticed(alerts, names) {
  if (!alerts.length) return null;
  const items = alerts.map((alert) =>
    el("li", {}, `${names(alert.topic) ?? "Your work"}: ${trigger(alert.trigger)}, `, moment(alert.opened_at)),
  );
  return section(
    2,
    "Where you seem to be stuck",
    el("p", {}, "Your teacher can see this as well."),
    el("ul", {}, items),
  );
}
