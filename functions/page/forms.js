// Forms that say what they want, and what was wrong, beside the field it was wrong with.

import { el, newId } from "./dom.js";
import { announce, problemBox } from "./messages.js";

/** A labelled control; `hint` is read out with it. */
export function field(label, control, hint = "") {
  control.id ||= newId("field");
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return el(
    "div",
    { class: "field" },
    el("label", { for: control.id }, label),
    hint ? el("p", { class: "hint", id: hintId }, hint) : null,
    control,
  );
}

export function input(name, attributes = {}) {
  return el("input", { name, type: "text", autocomplete: "off", ...attributes });
}

/** `options` are pairs of a value and what is shown. */
export function select(name, options, chosen = "") {
  return el(
    "select",
    { name },
    options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)),
  );
}

/** A form whose `send(values, form)` talks to the server; until that is answered a second press does nothing. */
export function form(label, children, send) {
  const errors = el("div", { role: "alert" });
  const made = el("form", { "aria-label": label, novalidate: true }, children, errors);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (made.getAttribute("aria-busy") === "true") return;
    start(made, errors);
    try {
      await send(Object.fromEntries(new FormData(made, event.submitter)), made);
    } catch (error) {
      errors.replaceChildren(problemBox(error));
      point(made, error);
    } finally {
      made.setAttribute("aria-busy", "false");
    }
  });
  return made;
}

function start(made, errors) {
  made.setAttribute("aria-busy", "true");
  errors.replaceChildren();
  announce("");
  for (const control of made.elements) control.removeAttribute("aria-invalid");
}

/** The first field that the error names, if it is one of this form. */
function point(made, error) {
  const names = error.errors.flatMap(({ field: path }) => [path, path.split(".").at(-1)]);
  const control = names.map((name) => made.elements.namedItem(name)).find((found) => found instanceof HTMLElement);
  if (!control) return;
  control.setAttribute("aria-invalid", "true");
  control.focus();
}

/** A button that sends by itself. */
export function action(label, send, attributes = {}) {
  return form(label, el("button", attributes, label), send);
}
