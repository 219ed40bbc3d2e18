// Mastery by module and topic: a word, a figure and a bar, in this order of importance.

import { el } from "./dom.js";
import { bar, levelChip, percent } from "./words.js";

export function moduleCards(modules) {
  return el("ul", { class: "modules" }, modules.map(moduleCard));
}

function moduleCard(module) {
  return el(
    "li",
    { class: "module" },
    el("h3", {}, module.module),
    el("p", {}, levelChip(module.level, module.colour), module.level ? ` ${percent(module.mastery)}` : null),
    bar(module.mastery, module.colour ?? ""),
    el("p", { class: "note" }, `${module.topics_started} of ${module.topics_total} topics begun`),
    el("ul", { class: "topics" }, module.topics.map(topicLine)),
  );
}

function topicLine(topic) {
  const where = topic.level
    ? el("span", { class: `level ${topic.colour}` }, `${topic.level} ${percent(topic.mastery)}`)
    : el("span", { class: "note" }, "not begun");
  return el("li", {}, el("span", {}, topic.topic), el("span", { class: "standing" }, where));
}
