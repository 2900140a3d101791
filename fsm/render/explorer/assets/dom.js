// Making elements. Whatever is not ours (a name, a reason, a line of a log) becomes text, never markup.

/** An element with attributes, listeners (`onclick` and the like) and children; strings become text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set or, where the value is false or null, remove attributes and listeners. */
function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

const byId = (id) => document.getElementById(id);
const aside = (text) => make("small", { class: "faint" }, text);
const code = (text) => make("code", {}, text);

/** Text in which words of code stand between backticks. */
const prose = (text) => make("span", {}, ...text.split("`").map((part, place) => (place % 2 ? code(part) : part)));

/** A sign for those who see it; the words beside it say the same. */
const mark = (allowed) =>
  make("span", { class: allowed ? "mark yes" : "mark no", "aria-hidden": "true" }, allowed ? "✓" : "✗");

/** Somebody else's text, short enough to stand in a line. */
const shorten = (text, most = 60) => (text.length > most ? `${text.slice(0, most)}…` : text);

const MOST_BUTTONS = 7;

/** One of several: `choices` are pairs of value and label. Many are a list to choose from, few are radio buttons. */
const choice = (name, legend, choices, onChoose) =>
  (choices.length > MOST_BUTTONS ? listChoice : buttonChoice)(name, legend, choices, onChoose);

function listChoice(name, legend, choices, onChoose) {
  const list = make(
    "select",
    { id: name, name, onchange: () => onChoose(choices[list.selectedIndex][0]) },
    ...choices.map(([, label]) => make("option", {}, label)),
  );
  const element = make("div", { class: "choice" }, make("label", { class: "label", for: name }, legend), list);
  const show = (chosen) => (list.selectedIndex = choices.findIndex(([value]) => value === chosen));
  return { element, show, enable: (enabled) => (list.disabled = !enabled) };
}

function buttonChoice(name, legend, choices, onChoose) {
  const inputs = choices.map(([value, label]) => {
    const input = make("input", { type: "radio", name, value: String(value), onchange: () => onChoose(value) });
    return { value, input, label: make("label", {}, input, make("span", {}, label)) };
  });
  const title = make("span", { class: "label", id: `label-${name}` }, legend);
  const buttons = make("div", { class: "buttons" }, ...inputs.map(({ label }) => label));
  const element = make("div", { class: "choice", role: "radiogroup", "aria-labelledby": title.id }, title, buttons);
  const show = (chosen) => inputs.forEach(({ value, input }) => (input.checked = value === chosen));
  const enable = (enabled) => inputs.forEach(({ input }) => (input.disabled = !enabled));
  return { element, show, enable };
}

/** One stop of the Tab key for many things, among which the arrow keys move; `columns` are those of a grid. */
function rove(items, columns = 1) {
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns };
  items.forEach((item, place) => {
    item.setAttribute("tabindex", place ? "-1" : "0");
    item.addEventListener("keydown", (event) => {
      const next = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : place + steps[event.key];
      if (!items[next]) return;
      event.preventDefault();
      items[next].focus();
    });
    item.addEventListener("focus", () =>
      items.forEach((other) => other.setAttribute("tabindex", other === item ? "0" : "-1")),
    );
  });
}

/** Something drawn that works as a button. */
function asButton(element, onPress) {
  element.setAttribute("role", "button");
  element.addEventListener("click", onPress);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    onPress();
  });
}
