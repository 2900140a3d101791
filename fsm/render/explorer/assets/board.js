// The board: a column for each state, and in it whoever is there.

const MOST_IN_COLUMN = 12;

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

/** What somebody is called where there is little room: without their server, if nobody else is then called so. */
function briefName(room, user) {
  const name = nameOf(room, user);
  const [head] = name.split(":");
  return name.startsWith("@") && room.users.filter((id) => id.startsWith(`${head}:`)).length === 1 ? head : name;
}

/** Everybody in the column of their state; who moves is seen to move. */
function showBoard({ lists, tokens }, room, now) {
  const before = new Map([...tokens].map(([user, token]) => [user, token.getBoundingClientRect()]));
  tokens.clear();
  for (const { state, list } of lists) {
    const everybody = room.users.map((_, user) => user).filter((user) => now.states[user] === state);
    const isNeeded = (user) => user === room.sender || user === room.target;
    const here = everybody.filter((user, place) => place < MOST_IN_COLUMN || isNeeded(user));
    list.replaceChildren(
      ...here.map((user) => {
        const name = make("bdi", {}, shorten(briefName(room, user), 18));
        const token = make("li", { title: shorten(room.users[user], 200) }, name);
        token.classList.toggle("acts", user === room.sender);
        token.classList.toggle("acted-on", user === room.target);
        tokens.set(user, token);
        return token;
      }),
    );
    const others = everybody.length - here.length;
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
