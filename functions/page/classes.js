// The tables of a class, and the same as files for a spreadsheet.

import { el, table } from "./dom.js";
import { getText } from "./api.js";
import { action } from "./forms.js";
import { toLearner } from "./navigation.js";
import { learnerState, levelChip, moment, percent, plural } from "./words.js";

/** In the server's order, which is the order to help in. */
export function learners(found) {
  if (!found.learners.length) return el("p", {}, "The class has no learners yet.");
  return table(
    "Learners, who to help first is first",
    ["Learner", "Why", "State", "Mastery", "Lessons completed", "Streak", "Last active", "Open alerts"],
    found.learners.map(learnerRow),
  );
}

function learnerRow(one) {
  const begun = one.topics_started > 0;
  return [
    el("a", { href: toLearner(one.user_id) }, one.user_id),
    one.reasons.length
      ? el(
          "ul",
          { class: "reasons" },
          one.reasons.map((reason) => el("li", {}, reason)),
        )
      : "nothing stands out",
    learnerState(one.state),
    begun
      ? [levelChip(one.level, one.colour), el("span", { class: "figure" }, percent(one.overall_mastery))]
      : "no evidence yet",
    `${one.lessons.completed} of ${one.lessons.total}`,
    plural(one.streak_days, "day"),
    moment(one.last_active),
    one.open_alerts ? `${one.open_alerts}, ${one.worst_severity}` : "none",
  ];
}

export function dropOff(found) {
  const rows = (found.drop_off ?? []).map((one) => [
    one.title,
    ...[one.learners, one.not_started, one.in_progress, one.completed, one.stopped].map(String),
    percent(one.drop_off),
    percent(one.mean_percentage),
  ]);
  if (!rows.length) return el("p", {}, "Nobody of this class has a lesson yet.");
  const columns = [
    "Lesson",
    "Learners",
    "Not started",
    "In progress",
    "Completed",
    "Stopped",
    "Drop-off",
    "Mean progress",
  ];
  return [
    el(
      "p",
      { class: "note" },
      "Stopped: begun, not completed, and nothing for seven days. Drop-off: how many of those who began.",
    ),
    table("Lessons and how far learners come in them", columns, rows),
  ];
}

/** A link cannot ask for a media type, so the answer is fetched and then saved. */
export function csvButton(name, classId, query) {
  return action(`Download the ${name} as CSV`, async () => {
    const text = await getText("/status/class", { class_id: classId, ...query }, "text/csv");
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    el("a", { href: address, download: `${classId}-${name}.csv` }).click();
    URL.revokeObjectURL(address);
  });
}
