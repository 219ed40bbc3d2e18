// The teacher's view: a class with who to help first, where its learners stop, and its alerts.

import { el, section } from "./dom.js";
import { get, part } from "./api.js";
import { alertList } from "./alerts.js";
import { csvButton, dropOff, learners } from "./classes.js";
import { orProblem } from "./messages.js";
import { remember } from "./navigation.js";
import { openForm, rosterForm } from "./roster.js";
import { learnerState, sentence } from "./words.js";

export async function teacherView() {
  return {
    title: "Your classes",
    children: [
      el("div", { class: "cards" }, openForm(), section(2, "Make a class", rosterForm())),
      section(2, "Alerts of all learners", await alertList({})),
    ],
  };
}

export async function classView(classId) {
  let known;
  try {
    known = await get(`/classes/${part(classId)}`);
  } catch (error) {
    if (error.status !== 404) throw error;
    return unknown(classId);
  }
  remember("classes", classId);
  const [standing, alerts] = await Promise.all([
    orProblem(async () => standingOf(await get("/status/class", { class_id: classId, include: "drop_off" }), classId)),
    alertList({ class_id: classId }),
  ]);
  const shown = [standing].flat();
  shown.splice(2, 0, section(2, "Alerts", alerts)); // after who to help first, or after what went wrong there
  const change = el("details", {}, el("summary", {}, "Change this class"), rosterForm(known));
  return {
    title: known.title,
    children: [el("p", {}, el("a", { href: "#/teacher" }, "All classes")), ...shown, change],
  };
}

function unknown(classId) {
  return {
    title: `There is no class ${classId}`,
    children: [el("p", {}, "It can be made now."), section(2, "Make a class", rosterForm(null, classId))],
  };
}

function standingOf(found, classId) {
  const counts = Object.entries(found.counts).map(([state, count]) =>
    el("div", {}, el("dt", {}, sentence(learnerState(state))), el("dd", {}, el("strong", {}, String(count)))),
  );
  return [
    el("dl", { class: "figures" }, counts),
    section(2, "Who to help first", learners(found), csvButton("learners", classId, {})),
    section(2, "Where learners stop", dropOff(found), csvButton("drop-off", classId, { include: "drop_off" })),
  ];
}
