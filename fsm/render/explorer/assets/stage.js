// The room on the page: who does what to whom, and where everybody is.

const MOST_SHOWN = 40; // people, in a room of many

/** Build what stays; `act` holds what the page does when something is pressed. */
function makeStage(act) {
  const opening = make("select", { id: "opening", onchange: () => act.begin(opening.selectedIndex) });
  opening.append(...stage.openings.map(({ name }) => make("option", {}, name)));
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
  const add = make(
    "form",
    {
      id: "add",
      onsubmit: (event) => {
        event.preventDefault();
        act.add(name.value.trim());
        name.value = "";
      },
    },
    name,
    make("button", { type: "submit" }, "Add"),
  );
  const title = make("h3", { id: "deeds-title" });
  const deeds = data.actions.map((_, action) =>
    make("button", { type: "button", onclick: () => act.change(action) }),
  );
  const setter = make("h3", {});
  const settings = stage.settings.map((_, setting) =>
    make("button", { type: "button", onclick: () => act.set(setting) }),
  );
  const whyNot = make("p", { class: "faint" });
  byId("room").append(
    make("div", { class: "group" }, make("label", { for: "opening", class: "legend" }, "How the room begins"), opening),
    make("div", { class: "group" }, make("h3", {}, "Who does something to whom"), table, add),
    make("div", { class: "group" }, title, make("div", { class: "deeds" }, ...deeds)),
    ...(settings.length
      ? [make("div", { class: "group" }, setter, make("div", { class: "settings" }, ...settings), whyNot)]
      : []),
  );
  return {
    opening,
    people,
    title,
    deeds,
    setter,
    settings,
    whyNot,
    board: makeBoard(),
    history: makeHistory(act),
    act,
    users: null,
  };
}

function makeBoard() {
  const lists = data.order.map((state) => {
    const list = make("ul", { "aria-label": `in ${stateWord(state)}` });
    const column = make("div", { class: "column" }, make("h3", {}, stateWord(state)), list);
    column.style.setProperty("--fill", data.states[state].fill);
    column.style.setProperty("--border", data.states[state].border);
    byId("board").append(column);
    return { state, list };
  });
  return { lists, tokens: new Map() };
}

/** Show a room as it is now. */
function showStage(view, room, { now, outcomes }, isPlaying) {
  view.opening.selectedIndex = room.opening;
  showPeople(view, room, now);
  showDeeds(view, room, now);
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
  view.deeds.forEach((button, action) => {
    const { outcome } = send(room, now, { kind: "change", sender: room.sender, action, target: room.target });
    const { what, came } = eventWords(room, outcome);
    const { word } = data.actions[action];
    showDeed(button, outcome.allowed, word, outcome.allowed && what !== word ? `${what}: ${came}` : came);
  });
  view.setter.replaceChildren("What ", make("bdi", {}, sender), " sets");
  const reasons = view.settings.map((button, setting) => {
    const { outcome } = send(room, now, { kind: "setting", sender: room.sender, setting });
    const isSo = stage.settings[setting].sets.every(
      ([fact, value]) => factsBetween(room, now, 0, room.sender, room.sender)[fact] === value,
    );
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

/** Everybody in the column of their state; who moves is seen to move. */
function showBoard({ lists, tokens }, room, now) {
  const users = shownUsers(room);
  const before = new Map([...tokens].map(([user, token]) => [user, token.getBoundingClientRect()]));
  tokens.clear();
  for (const { state, list } of lists) {
    const here = users.filter((user) => now.states[user] === state);
    list.replaceChildren(
      ...here.map((user) => {
        const token = make("li", {}, make("bdi", {}, shorten(nameOf(room, user), 18)));
        token.classList.toggle("acts", user === room.sender);
        token.classList.toggle("acted-on", user === room.target);
        tokens.set(user, token);
        return token;
      }),
    );
    const others = now.states.reduce((count, where) => count + Number(where === state), 0) - here.length;
    if (others) list.append(make("li", { class: "faint" }, `and ${others} more`));
  }
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const [user, token] of tokens) {
    const [old, here] = [before.get(user), token.getBoundingClientRect()];
    if (!old || !old.width || !here.width || (old.x === here.x && old.y === here.y)) continue;
    const start = `translate(${old.x - here.x}px, ${old.y - here.y}px)`;
    token.animate([{ transform: start }, { transform: "none" }], { duration: 250, easing: "ease-out" });
  }
}
