// Shows the view that the address names. The address is all the state there is: a reload or a sent link shows the same.

import { el, focusOn } from "./dom.js";
import { announce, problemBox } from "./messages.js";
import { go } from "./navigation.js";
import { startView } from "./start.js";
import { learnerView } from "./learner.js";
import { lessonView } from "./lesson.js";
import { classView, teacherView } from "./teacher.js";

// a view is given the ids in its address, and makes `{title, children}`
const VIEWS = [
  [/^(?:#\/?)?$/, "learner", startView],
  [/^#\/learner\/([^/]+)$/, "learner", learnerView],
  [/^#\/learner\/([^/]+)\/lesson\/([^/]+)$/, "learner", lessonView],
  [/^#\/teacher$/, "teacher", teacherView],
  [/^#\/teacher\/([^/]+)$/, "teacher", classView],
];
const main = document.getElementById("main");
let latest = 0; // of two views that are still loading, the one asked for last is shown

async function show(first = false) {
  const mine = ++latest;
  const [part, made] = view(location.hash);
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === part) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  main.setAttribute("aria-busy", "true");
  if (!first) announce("Loading");
  const { title, children } = await made.catch(failed);
  if (mine !== latest) return;
  const heading = el("h1", {}, title);
  main.replaceChildren(heading, ...children);
  main.setAttribute("aria-busy", "false");
  document.title = `${title} · LearnFlow`;
  announce("");
  if (!first) arrive(heading);
}

/** The part of the page that an address belongs to, and the promise of its view. */
function view(address) {
  for (const [pattern, part, load] of VIEWS) {
    const match = pattern.exec(address);
    if (match) return [part, load(...match.slice(1).map(decoded))];
  }
  return ["", Promise.resolve({ title: "Nothing here", children: [el("p", {}, "The page has no such address.")] })];
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a broken escape: the server says that it is no id
  }
}

function failed(error) {
  const again = el("button", { type: "button", onclick: () => go(location.hash) }, "Try again");
  return {
    title: "That did not work",
    children: [problemBox(error), el("p", {}, again, " ", el("a", { href: "#/" }, "Choose who you are"))],
  };
}

/** Where a click leads, reading begins: at the heading, at the top. */
function arrive(heading) {
  scrollTo(0, 0);
  focusOn(heading);
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // its address would be taken for a view's
  main.focus();
});
addEventListener("hashchange", () => show());
show(true);
