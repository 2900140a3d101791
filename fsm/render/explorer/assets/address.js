// What is shown, as the part of the address after `#`: anybody who opens the link sees the same.
//
// A case: the facts that differ from the first ones, each by its name, and `case-ask` = action.state[.row].
// A room: `room-opening`, `room-users` (where others than the stage's take part), `room-log` = events, each
// sender.action.target or sender.setting, with users by their places; `room-at` (if some of it is undone; of a
// recording, always),
// `room-pair` = sender.target, `room-ask` = action.state[.row].

const LONGEST_ADDRESS = 30_000;

const quote = (word) => encodeURIComponent(word).replaceAll(".", "%2E");
const dotted = (...words) => words.map((word) => quote(String(word))).join(".");

function firstState() {
  return { mode: "case", facts: [ANYWHERE, ...data.telling], ask: null, room: stage ? newRoom(0) : null, notice: "" };
}

function writeAddress(state) {
  const parts = state.mode === "room" ? roomParts(state) : caseParts(state);
  return parts.map(([key, value]) => `${key}=${value}`).join("&");
}

function caseParts({ facts, ask }) {
  const first = firstState().facts;
  const parts = data.facts
    .map(({ name, options }, fact) => [name, options[facts[fact]], facts[fact] !== first[fact]])
    .filter(([, , differs]) => differs)
    .map(([name, option]) => [quote(name), quote(option.word)]);
  return ask ? [...parts, ["case-ask", askPart(ask)]] : parts;
}

/** Whether a name can be written in a link: one with half a letter cannot. */
function isLinkable(name) {
  try {
    return Boolean(encodeURIComponent(name));
  } catch {
    return false;
  }
}

function roomParts({ room, ask }) {
  const isSent = (event) => event.kind !== "note";
  const opening = ["room-opening", room.opening];
  const pair = ["room-pair", dotted(room.sender, room.target)];
  if (recordingOf(room)) return [opening, ["room-at", room.at], pair];
  if (!room.users.every(isLinkable)) return [opening];
  const events = room.events.filter(isSent);
  const at = room.events.slice(0, room.at).filter(isSent).length;
  const parts = [opening];
  const isCast = room.users.length === stage.people.length && room.users.every((_, user) => isOnStage(room, user));
  if (!isCast) parts.push(["room-users", room.users.map(quote).join(",")]);
  if (events.length) parts.push(["room-log", events.map(eventPart).join(",")]);
  if (at < events.length) parts.push(["room-at", at]);
  parts.push(pair);
  if (ask) parts.push(["room-ask", askPart(ask)]);
  // Of a room with too long a log for a link, too, the link tells how it begins.
  return isTooLong(parts) ? [opening] : parts;
}

const isTooLong = (parts) =>
  parts.reduce((sum, [key, value]) => sum + key.length + String(value).length, 0) > LONGEST_ADDRESS;

const askPart = ({ action, target, row }) =>
  dotted(data.actions[action].word, wordOf(target), ...(row === null ? [] : [data.rows[row].id]));

const eventPart = ({ kind, sender, form, target, setting }) =>
  kind === "change"
    ? dotted(sender, stage.changes[form].words, target)
    : dotted(sender, stage.settings[setting].words);

/** What an address shows. Whatever is not of this page is left out, and said to be. */
function readAddress(text) {
  const state = firstState();
  const parts = text
    .replace(/^#/, "")
    .split("&")
    .filter(Boolean)
    .map((part) => part.split("="));
  const isRoom = stage && parts.some(([key]) => key === "room-opening");
  try {
    return isRoom ? readRoom(state, new Map(parts)) : readCase(state, parts);
  } catch (error) {
    if (!(error instanceof Unreadable) && !(error instanceof URIError)) throw error;
    return { ...firstState(), notice: "This link is not one of this page, or is damaged." };
  }
}

class Unreadable extends Error {}

function readCase(state, parts) {
  const facts = [...state.facts];
  let ask = null;
  for (const [key, value = ""] of parts) {
    if (key === "case-ask") ask = readAsk(value);
    else {
      const fact = placeOf(data.facts, ({ name }) => name === decodeURIComponent(key));
      facts[fact] = placeOf(data.facts[fact].options, ({ word }) => word === decodeURIComponent(value));
    }
  }
  return { ...state, facts, ask };
}

function readRoom(state, parts) {
  const opening = numberIn(beginnings, parts.get("room-opening"));
  const users = parts.has("room-users") ? parts.get("room-users").split(",").map(decodeURIComponent) : undefined;
  const room = newRoom(opening, users);
  if (recordingOf(room)) return { ...state, mode: "room", room: { ...room, ...placeIn(room, room.events, parts) } };
  if (
    new Set(room.users).size < room.users.length ||
    room.users.length < stage.people.length ||
    !room.users.every(isUser)
  ) {
    throw new Unreadable();
  }
  const log = parts.get("room-log");
  const events = log ? log.split(",").map((event) => readEvent(room, wordsIn(event))) : [];
  const ask = parts.has("room-ask") ? readAsk(parts.get("room-ask")) : null;
  return { ...state, mode: "room", room: { ...room, events, ...placeIn(room, events, parts) }, ask };
}

/** How far a room's events have happened, and who is looked at. */
function placeIn(room, events, parts) {
  const last = recordingOf(room) ? 0 : events.length;
  const at = parts.has("room-at") ? numberIn([...events, null], parts.get("room-at")) : last;
  const pair = parts.has("room-pair") ? wordsIn(parts.get("room-pair")) : [room.sender, room.target];
  const [sender, target] = pair.map((user) => numberIn(room.users, user));
  return { at, sender, target: target ?? sender };
}

function readEvent(room, [sender, what, target]) {
  const user = numberIn(room.users, sender);
  if (target === undefined)
    return { kind: "setting", sender: user, setting: placeOf(stage.settings, ({ words }) => words === what) };
  const form = placeOf(stage.changes, ({ words }) => words === what);
  return { ...changeOf(form), sender: user, target: numberIn(room.users, target) };
}

function readAsk(text) {
  const [action, target, row] = wordsIn(text);
  return {
    action: placeOf(data.actions, ({ word }) => word === action),
    target: placeOf(data.states, ({ word }) => word === target),
    row: row === undefined ? null : placeOf(data.rows, ({ id }) => id === row),
  };
}

const wordsIn = (text) => text.split(".").map(decodeURIComponent);

function placeOf(list, isIt) {
  const place = list.findIndex(isIt);
  if (place < 0) throw new Unreadable();
  return place;
}

function numberIn(list, text) {
  const number = Number(text);
  if (!/^\d+$/.test(String(text)) || number >= list.length) throw new Unreadable();
  return number;
}
