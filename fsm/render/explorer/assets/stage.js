// The room on the page: who does what to whom, and where everybody is.

const MOST_SHOWN = 40; // people, in a room of many

/** Build what stays; `act` holds what the page does when something is pressed. */
function makeStage(act) {
  const opening = make("select", { id: "opening", onchange: () => act.begin(opening.selectedIndex) });
  opening.append(...beginnings.map(({ name }) => make("option", {}, name)));
  const view = { opening, ...makePeople(act), ...makeDeeds(act), ...makeSettings(act) };
  const parts = [view.peopleGroup, view.deedsGroup, view.settingsGroup];
  const start = make("div", { class: "group" });
  start.append(make("label", { for: "opening", class: "legend" }, "How the room begins"), opening);
  byId("room").append(start, ...parts);
  return { ...view, parts, board: makeBoard(), history: makeHistory(act), act, users: null };
}

/** Who can be chosen to act and to be acted on, and a way for others to come. */
function makePeople(act) {
  const people = make("tbody", {});
  const head = ["acts", "on", "who", "is in"].map((word) => make("th", { scope: "col" }, word));
  const table = make(
    "table",
    { id: "people" },
    make("caption", { class: "unseen" }, "Who acts, and on whom"),
    make("thead", {}, make("tr", {}, ...head)),
    people,
  );
  const name = make("input", {
    type: "text",
    "aria-label": "Another user's id",
    placeholder: "@zoe:z.example",
    autocomplete: "off",
    spellcheck: "false",
  });
  const add = (event) => {
    event.preventDefault();
    act.add(name.value.trim());
    name.value = "";
  };
  const form = make("form", { id: "add", onsubmit: add }, name, make("button", { type: "submit" }, "Add"));
  const title = make("h3", {}, "Who does something to whom");
  return { people, peopleGroup: make("div", { class: "group" }, title, make("div", { class: "crowd" }, table), form) };
}

function makeDeeds(act) {
  const title = make("h3", { id: "deeds-title" });
  const deeds = stage.changes.map((_, form) =>
    make("button", { type: "button", onclick: () => act.change(form) }),
  );
  return { title, deeds, deedsGroup: make("div", { class: "group" }, title, make("div", { class: "deeds" }, ...deeds)) };
}

function makeSettings(act) {
  const setter = make("h3", {});
  const settings = stage.settings.map((_, setting) =>
    make("button", { type: "button", onclick: () => act.set(setting) }),
  );
  const whyNot = make("p", { class: "faint" });
  const buttons = make("div", { class: "settings" }, ...settings);
  const settingsGroup = settings.length ? make("div", { class: "group" }, setter, buttons, whyNot) : "";
  return { setter, settings, whyNot, settingsGroup };
}

/** Show a room as it is now. */
function showStage(view, room, { now, outcomes }, isPlaying) {
  const isRecorded = Boolean(recordingOf(room));
  view.opening.selectedIndex = room.opening;
  for (const part of view.parts) part.hidden = isRecorded;
  if (!isRecorded) {
    showPeople(view, room, now);
    showDeeds(view, room, now);
  }
  showBoard(view.board, room, now);
  showHistory(view.history, room, outcomes, isPlaying, view.act);
}

function shownUsers(room) {
  const users = room.users.map((_, user) => user);
  const isNeeded = (user) => user < MOST_SHOWN || user === room.sender || user === room.target;
  return users.filter(isNeeded);
}

function showPeople(view, room, now) {
  const users = shownUsers(room);
  const key = JSON.stringify([room.opening, users.map((user) => room.users[user])]);
  if (view.users !== key) {
    view.users = key;
    view.people.replaceChildren(...users.map((user) => personRow(room, user, view.act)));
    const more = room.users.length - users.length;
    if (more) view.people.append(make("tr", {}, make("td", { colspan: "4", class: "faint" }, `and ${more} more`)));
  }
  users.forEach((user, place) => {
    const row = view.people.children[place];
    const [acts, on] = row.querySelectorAll("input");
    acts.checked = user === room.sender;
    on.checked = user === room.target;
    row.className = user === room.sender || user === room.target ? "picked" : "";
    row.lastElementChild.textContent = stateWord(now.states[user]);
  });
}

function personRow(room, user, act) {
  const name = shorten(nameOf(room, user), 24);
  const radio = (group, label, onchange) => {
    const input = make("input", { type: "radio", name: group, onchange });
    return make("td", {}, make("label", {}, input, make("span", { class: "unseen" }, label)));
  };
  return make(
    "tr",
    { title: shorten(room.users[user], 200) },
    radio("acts", `${name} acts`, () => act.pick({ sender: user })),
    radio("on", `on ${name}`, () => act.pick({ target: user })),
    make("th", { scope: "row" }, make("bdi", {}, name), aside(` ${roleOf(room, user)}`)),
    make("td", { class: "state" }),
  );
}

function showDeeds(view, room, now) {
  const sender = shorten(nameOf(room, room.sender), 24);
  const target = room.sender === room.target ? "themselves" : shorten(nameOf(room, room.target), 24);
  view.title.replaceChildren("What ", make("bdi", {}, sender), " does to ", make("bdi", {}, target));
  view.deeds.forEach((button, form) => {
    const { outcome } = send(room, now, { ...changeOf(form), sender: room.sender, target: room.target });
    const { what, came } = eventWords(room, outcome);
    const { words } = stage.changes[form];
    showDeed(button, outcome.allowed, words, outcome.allowed && what !== words ? `${what}: ${came}` : came);
  });
  view.setter.replaceChildren("What ", make("bdi", {}, sender), " sets");
  const reasons = view.settings.map((button, setting) => {
    const { outcome } = send(room, now, { kind: "setting", sender: room.sender, setting });
    const { sets, type } = stage.settings[setting];
    const isSo = stage.plain
      ? now.set[type] === setting
      : sets.every(([fact, value]) => factsBetween(room, now, 0, room.sender, room.sender)[fact] === value);
    showDeed(button, outcome.allowed, stage.settings[setting].words, isSo ? "as it is now" : "");
    button.classList.toggle("current", isSo);
    return outcome.reason;
  });
  view.whyNot.replaceChildren(prose([...new Set(reasons.filter(Boolean))].join("; ")));
}

function showDeed(button, allowed, word, words) {
  button.replaceChildren(
    mark(allowed),
    make("strong", {}, word),
    make("span", { class: "unseen" }, allowed ? ", allowed" : ", rejected"),
    make("small", { class: "faint" }, prose(words)),
  );
  button.className = allowed ? "deed yes" : "deed no";
}
