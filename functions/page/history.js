// How a learner came to where they are, day by day. Read only when it is asked for: the server folds every fact for it.

import { el, table } from "./dom.js";
import { get } from "./api.js";
import { orProblem } from "./messages.js";
import { percent } from "./words.js";

export function dayByDay(userId) {
  const place = el("div", {});
  const made = el("details", {}, el("summary", {}, "Day by day"), place);
  made.addEventListener("toggle", async () => {
    if (!made.open || place.childElementCount) return;
    place.replaceChildren(...[await orProblem(() => read(userId))].flat());
  });
  return made;
}

async function read(userId) {
  const { history, mastery_now: now } = await get("/status", { user_id: userId, include: "history", limit: 1 });
  if (!history.length) return el("p", {}, "No day yet.");
  const rows = history.map(({ date, overall_mastery: mastery, level }) => [date, percent(mastery), level]);
  return [
    el("p", { class: "note" }, `Of it, as memory fades, about ${percent(now)} is there today; reviews bring it back.`),
    table("Mastery at the end of each day with work", ["Day", "Mastery", "Level"], rows.reverse()),
  ];
}
