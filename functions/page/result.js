// What an update answered: the figures before and after, why they moved, what was noticed, what comes next.

import { el, focusOn, section, table } from "./dom.js";
import { toLearner } from "./navigation.js";
import { levelChip, percent, plain, plural, sentence, status, trigger } from "./words.js";

const FIELDS = {
  progress_percentage: ["Progress in this lesson", percent],
  status: ["Status of this lesson", status],
  mastery: ["Mastery of the topic", percent],
  level: ["Level", (value) => value ?? "none yet"],
  streak: ["Streak", (value) => plural(value, "day")],
  active_on: ["Last active day", (value) => value ?? "never"],
};
const COLOURS = { Beginner: "red", Learning: "yellow", Proficient: "green", Mastered: "blue" };

/** A place for results beside what causes them; the focus moves there, so that it is read out and in view. */
export function resultPlace(work) {
  const element = el("div", { class: "result", hidden: true });
  const show = async (answer, words) => {
    const explanation = await work.explanation();
    const heading = el("h3", {}, typeof words === "function" ? words(explanation) : words);
    element.replaceChildren(heading, ...parts(work.userId, answer, explanation));
    element.hidden = false;
    focusOn(heading);
  };
  return { element, show };
}

function parts(userId, answer, explanation) {
  const { mastery } = answer;
  return [
    el(
      "p",
      { class: "score" },
      masteryWords(mastery),
      mastery.level ? levelChip(mastery.level, COLOURS[mastery.level]) : null,
    ),
    changes(answer.changes),
    explanation ? score(mastery, explanation) : null,
    answer.struggle.length ? struggle(answer.struggle) : null,
    el(
      "p",
      {},
      el("strong", {}, "Next: "),
      answer.next_step.reason,
      " ",
      el("a", { href: toLearner(userId) }, "See where you stand"),
    ),
  ].filter(Boolean);
}

function masteryWords({ before, after }) {
  if (after === null) return "Mastery: no figure yet. ";
  if (before === null) return `Mastery is ${percent(after)}, the first figure of this topic. `;
  return before === after
    ? `Mastery stays at ${percent(after)}. `
    : `Mastery went from ${percent(before)} to ${percent(after)}. `;
}

function changes(changed) {
  if (!changed.length) return el("p", {}, "No figure changed by it.");
  const rows = changed.map(({ field, before, after, reason }) => {
    const [name, words] = FIELDS[field] ?? [sentence(plain(field)), String];
    return [name, words(before), words(after), reason];
  });
  return table("What changed", ["What", "Before", "After", "Why"], rows);
}

/** Where the score comes from, part by part, and what it still lacks. */
function score({ after, coverage }, { components, formula, level_reason: level }) {
  const rows = Object.entries(components).map(([name, { value, weight, points, reason }]) => [
    sentence(plain(name)),
    String(value),
    `× ${weight}`,
    String(points),
    reason,
  ]);
  return el(
    "details",
    {},
    el("summary", {}, `Where ${percent(after)} comes from`),
    table("Parts of the score", ["Part", "Value", "Weight", "Points", "Why"], rows),
    el("p", { class: "note" }, `${formula}. ${level} Evidence covers ${Math.round(coverage * 100)} % of the score.`),
  );
}

function struggle(found) {
  const items = found.map((one) =>
    el("li", {}, sentence(trigger(one.trigger)), one.new ? ": your teacher is told." : ": your teacher knows already."),
  );
  return section(
    4,
    "It looks as if you could use help",
    el("ul", {}, items),
    el(
      "p",
      {},
      found.some((one) => one.new)
        ? "A lesson that goes step by step is being written for you, if you have none: look among your lessons."
        : "Among your lessons you can ask for one of this topic that goes step by step.",
    ),
  );
}
