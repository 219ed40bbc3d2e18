// Who are you? There are no accounts here: an id is enough, and the address keeps it.

import { el, section } from "./dom.js";
import { Problem } from "./api.js";
import { field, form, input } from "./forms.js";
import { go, recent, toClass, toLearner } from "./navigation.js";

export async function startView() {
  return {
    title: "Learn Python",
    children: [
      el("p", { class: "lead" }, "Lessons written for you, and a record of how far you have come."),
      el("div", { class: "cards" }, learnerCard(), teacherCard()),
    ],
  };
}

function learnerCard() {
  const id = input("user_id", { required: true, autocapitalize: "none", spellcheck: "false" });
  return section(
    2,
    "I am learning",
    form(
      "Choose who you are",
      [
        field("Your id", id, "Letters, digits and . _ : @ - ; a new one starts a new record."),
        el("button", {}, "Continue"),
      ],
      ({ user_id: userId }) => go(toLearner(given("user_id", userId))),
    ),
    links("Last used here", recent("learners"), toLearner),
  );
}

function teacherCard() {
  return section(
    2,
    "I am teaching",
    el("p", {}, "See who needs help first, and what their lessons show."),
    el("p", {}, el("a", { class: "button", href: "#/teacher" }, "Open the teacher’s view")),
    links("Last used here", recent("classes"), toClass),
  );
}

/** An id to open; an empty one has no address. */
export function given(field, id) {
  const trimmed = id.trim();
  if (trimmed) return trimmed;
  throw new Problem({ status: 400, title: "Something is missing", errors: [{ field, message: "write an id" }] });
}

/** What was opened before, if anything was. */
export function links(label, ids, address) {
  if (!ids.length) return null;
  return el(
    "p",
    {},
    `${label}: `,
    ids.flatMap((id, at) => [at ? ", " : "", el("a", { href: address(id) }, id)]),
  );
}
