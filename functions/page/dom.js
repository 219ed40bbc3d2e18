// Elements from plain values. A string always becomes a text node, so nothing that a lesson, a name or a note contains
// is ever read as markup; the policy that the page is served with (trusted types) makes the other way an error.

/** An element: `attributes` by name (true: present, null or false: absent; `on…`: a listener), nested children. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...nodes(children));
  return made;
}

/** Strings, elements and lists of them as one flat list; what is null or false is left out. */
function nodes(children) {
  return [children].flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

let count = 0;

/** An id that no other element of the page has. */
export function newId(name) {
  count += 1;
  return `${name}-${count}`;
}

/** A part of the page with its heading. */
export function section(level, title, ...children) {
  return el("section", {}, el(`h${level}`, {}, title), children);
}

/** A table that scrolls by itself where the window is narrow; `columns` are headings, the first cell heads its row. */
export function table(caption, columns, rows) {
  const id = newId("table");
  const head = columns.map((title) => el("th", { scope: "col" }, title));
  const body = rows.map(([first, ...rest]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, first),
      rest.map((cell) => el("td", {}, cell)),
    ),
  );
  return el(
    "div",
    { class: "scrolls", role: "group", "aria-labelledby": id, tabindex: "0" },
    el("table", {}, el("caption", { id }, caption), el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)),
  );
}

/** Moves the keyboard and a screen reader to an element that is not reached by Tab. */
export function focusOn(element) {
  element.setAttribute("tabindex", "-1");
  element.focus();
}
