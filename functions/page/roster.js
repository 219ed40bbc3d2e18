// A class is made, changed and opened here.

import { el, section } from "./dom.js";
import { part, put } from "./api.js";
import { field, form, input } from "./forms.js";
import { announce } from "./messages.js";
import { go, recent, toClass } from "./navigation.js";
import { given, links } from "./start.js";

export function openForm() {
  const id = input("class_id", { required: true, autocapitalize: "none", spellcheck: "false" });
  return section(
    2,
    "Open a class",
    form("Open a class", [field("Class id", id), el("button", {}, "Open")], ({ class_id: classId }) =>
      go(toClass(given("class_id", classId))),
    ),
    links("Last used here", recent("classes"), toClass),
  );
}

/** `known` is the class as it is, for changing it; without it a new one is made. */
export function rosterForm(known = null, suggested = "") {
  const id = input("class_id", { value: known?.class_id ?? suggested, readonly: Boolean(known), spellcheck: "false" });
  const users = el(
    "textarea",
    { name: "user_ids", rows: "6", spellcheck: "false" },
    (known?.user_ids ?? []).join("\n"),
  );
  const title = input("title", { value: known?.title ?? "" });
  return form(
    known ? "Change this class" : "Make a class",
    [
      el("div", { class: "side" }, field("Class id", id, "Letters, digits and . _ : @ -"), field("Title", title)),
      field("Learners’ ids", users, "One a line, or with commas between them."),
      el("button", {}, known ? "Save the class" : "Make the class"),
    ],
    async ({ class_id: classId, title: named, user_ids: text }) => {
      const userIds = [...new Set(text.split(/[\s,]+/).filter(Boolean))];
      const saved = await put(`/classes/${part(given("class_id", classId))}`, { title: named, user_ids: userIds });
      announce("Saved");
      go(toClass(saved.class_id));
    },
  );
}
