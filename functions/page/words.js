// Figures and codes as a person reads them. A level is a word and a number of dots before it is a colour.

import { el } from "./dom.js";

const LEVELS = ["Beginner", "Learning", "Proficient", "Mastered"];
const STATUS = { not_started: "not started", in_progress: "in progress", completed: "completed" };
const TYPES = { standard: "lesson", review: "review", remedial: "step by step", challenge: "challenge" };
const STATES = { never_started: "never started", active: "active", stalled: "stalled", completed: "completed" };
const TRIGGERS = {
  repeated_error: "the same error again and again",
  stuck: "a long time on one exercise",
  low_quiz: "a quiz below 50 %",
  says_stuck: "says that they are stuck",
  failed_runs: "many failed runs in a row",
  wrong_answers: "several wrong answers",
};

const ASKED_BY = { progress: "because you completed one", alert: "because it was hard" };

const named = (names) => (code) => names[code] || plain(code);
export const status = named(STATUS);
export const lessonType = named(TYPES);
export const learnerState = named(STATES);
export const trigger = named(TRIGGERS);

/** Why a lesson is there that nobody asked for; nothing of one that was asked for. */
export const askedBy = (code) => ASKED_BY[code];

/** A code or slug that has no words of its own. */
export function plain(code) {
  return String(code ?? "").replaceAll(/[_-]/g, " ");
}

export function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A figure of the server's, as exact as it came. */
export function percent(value) {
  return value === null || value === undefined ? "none yet" : `${value} %`;
}

export function plural(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return plural(minutes, "minute");
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// the page is in English whatever the browser is set to; the day before the month's name is read alike everywhere
const WHEN = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

export function moment(text) {
  return text ? el("time", { datetime: text }, WHEN.format(new Date(text))) : "never";
}

/** A level's word, with dots for those who do not see colours. */
export function levelChip(level, colour) {
  if (!level) return el("span", { class: "level none" }, "no evidence yet");
  const reached = LEVELS.indexOf(level) + 1;
  const dots = "●".repeat(reached) + "○".repeat(LEVELS.length - reached);
  return el("span", { class: `level ${colour}` }, el("span", { class: "dots", "aria-hidden": "true" }, dots), level);
}

/** A bar beside a figure that says the same. */
export function bar(value, colour = "") {
  return el("progress", { class: colour, max: "100", value: value ?? 0, "aria-hidden": "true" });
}
