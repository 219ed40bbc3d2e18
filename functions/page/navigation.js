// Where things are in the page: everything that is shown has an address that can be kept and sent.

import { part } from "./api.js";

export const toLearner = (userId) => `#/learner/${part(userId)}`;
export const toLesson = (userId, lessonId) => `${toLearner(userId)}/lesson/${part(lessonId)}`;
export const toClass = (classId) => `#/teacher/${part(classId)}`;

/** Opens an address of the page; one that is open already is read again. */
export function go(address) {
  if (location.hash === address) dispatchEvent(new HashChangeEvent("hashchange"));
  else location.hash = address;
}

const KEPT = 5;

/** Who or which class was opened last on this machine: a convenience, nothing depends on it. */
export function recent(kind) {
  try {
    const found = JSON.parse(localStorage.getItem(`learnflow-${kind}`) || "[]");
    return Array.isArray(found) ? found.filter((id) => typeof id === "string") : [];
  } catch {
    return []; // storage may be forbidden, or written by something else
  }
}

export function remember(kind, id) {
  try {
    const ids = [id, ...recent(kind).filter((other) => other !== id)].slice(0, KEPT);
    localStorage.setItem(`learnflow-${kind}`, JSON.stringify(ids));
  } catch {
    // the address bar still knows
  }
}
