// Alerts: what was noticed about whom, on which evidence, and what a teacher did about it.

import { el, focusOn } from "./dom.js";
import { get, move, part } from "./api.js";
import { field, form, input, select } from "./forms.js";
import { announce, orProblem } from "./messages.js";
import { toLearner, toLesson } from "./navigation.js";
import { moment, plain, plural, sentence, trigger } from "./words.js";

const STATES = [
  ["open", "Open"],
  ["acknowledged", "Acknowledged"],
  ["resolved", "Resolved"],
  ["", "All"],
];

/** The alerts of a class, or of everybody; the state they are in can be chosen. */
export async function alertList(who) {
  const place = el("div", {});
  const state = select("state", STATES, "open");
  let latest = 0; // of two answers, the one asked for last is shown
  const read = async (cursor = null) => {
    const mine = ++latest;
    const query = { ...who, state: state.value, cursor };
    const found = await orProblem(async () => shown(await get("/alerts", query), read));
    if (mine === latest) put(place, [found].flat(), cursor !== null);
  };
  state.addEventListener("change", () => read());
  await read();
  return [field("Show", state), place];
}

/** In place of what was there, or of the button that asked for older ones. */
function put(place, found, older) {
  if (!older) place.replaceChildren(...found);
  else {
    place.lastChild.replaceWith(...found);
    focusOn(found[0]);
  }
}

function shown(page, read) {
  announce(plural(page.total, "alert"));
  if (!page.alerts.length) return el("p", {}, "None in this state.");
  const next = page.next_cursor
    ? el("button", { type: "button", onclick: () => read(page.next_cursor) }, "Older alerts")
    : null;
  return [...page.alerts.map(card), next].filter(Boolean);
}

function card(alert) {
  const made = el("article", { class: `alert ${alert.severity}` });
  made.append(...inside(alert, made));
  return made;
}

function inside(alert, place) {
  return [
    el("h3", {}, `${alert.user_id}: ${trigger(alert.trigger)}`),
    el(
      "p",
      {},
      el("span", { class: "severity" }, `${alert.severity} severity`),
      ` ${alert.state}, opened `,
      moment(alert.opened_at),
    ),
    el("p", {}, links(alert)),
    evidence(alert.evidence),
    ...history(alert),
    alert.state === "resolved" ? null : steps(alert, place),
  ].filter(Boolean);
}

function links({ user_id: userId, lesson_id: lessonId, topic }) {
  const lesson = lessonId ? el("a", { href: toLesson(userId, lessonId) }, "the lesson it came from") : null;
  const learner = el("a", { href: toLearner(userId) }, `how ${userId} is doing`);
  return [topic ? `Topic: ${plain(topic)}. ` : "", "See ", learner, lesson ? [" and ", lesson] : null, "."];
}

/** Facts as they were recorded, whatever the kind of evidence calls them. */
function evidence(facts) {
  const items = facts.map(({ evidence_id: id, kind, at, ...rest }) => {
    const told = Object.entries(rest).filter(([, value]) => value !== null && typeof value !== "object");
    const words = told.map(([name, value]) => `${plain(name)} ${value}`).join(", ");
    return el("li", { "data-evidence": id }, sentence(plain(kind)), words ? `: ${words}, ` : ", ", moment(at));
  });
  return el(
    "details",
    {},
    el("summary", {}, plural(items.length, "piece of evidence", "pieces of evidence")),
    el("ul", {}, items),
  );
}

function history(alert) {
  const told = [
    alert.acknowledged_at ? ["Acknowledged by ", alert.acknowledged_by, ", ", moment(alert.acknowledged_at)] : null,
    alert.resolved_at ? ["Resolved by ", alert.resolved_by, ", ", moment(alert.resolved_at)] : null,
    alert.note ? ["Note: ", alert.note] : null,
  ];
  return told.filter(Boolean).map((parts) => el("p", { class: "note" }, parts));
}

function steps(alert, place) {
  const buttons = [
    alert.state === "open" ? el("button", { name: "step", value: "acknowledge" }, "Acknowledge") : null,
    el("button", { name: "step", value: "resolve" }, "Resolve"),
  ];
  const label = `What to do about ${alert.user_id}: ${trigger(alert.trigger)}, ${plain(alert.topic)}`;
  return form(
    label,
    [field("Note", input("note"), "if you want to add one"), el("p", {}, buttons)],
    async ({ step, note }) => {
      const done = await move(`/alerts/${part(alert.alert_id)}/${step}`, note ? { note } : {});
      place.replaceChildren(...inside(done, place));
      focusOn(place.querySelector("h3"));
      announce(`The alert is ${done.state}`);
    },
  );
}
