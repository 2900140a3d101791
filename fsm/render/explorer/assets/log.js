// Logs: a room's events as JSON lines, written and read. What is read comes from anywhere, and is only compared: an
// event is understood if it has a shape that the page knows, and is a note in the log if not. A shape is an event in
// which some strings stand for whoever acts or is acted on.

const MOST_BYTES = 4_000_000;
const MOST_LINES = 5_000;
const HALF = /[\ud800-\udfff]/u;

const ACTS = "{sender}";
const ACTED_ON = "{target}";
const OF_OPENINGS = { slots: new Set((stage?.people ?? []).map(({ user }) => user)), loose: new Set([""]) };
const OF_EVENTS = { slots: new Set([ACTS, ACTED_ON]), loose: new Set(stage?.takesMore ? ["", "content."] : [""]) };

const SHAPES = stage ? [...stage.changes.flatMap(({ shapes }) => shapes), ...stage.settings.map(({ shape }) => shape)] : [];
const KNOWN_TYPES = new Set(SHAPES.map(({ type }) => type));

const ELSEWHERE = `“fsm explore ${data.policy.id} --log FILE” makes a page that plays it`;
const NO_BEGINNING = `this is no beginning that the page knows; ${ELSEWHERE}`;
const NO_EVENT = "not an event";

const inWords = (number) => number.toLocaleString("en");

/** A shape with its strings replaced. */
function fill(shape, names) {
  if (typeof shape === "string") return names.get(shape) ?? shape;
  if (Array.isArray(shape)) return shape.map((part) => fill(part, names));
  if (shape === null || typeof shape !== "object") return shape;
  return Object.fromEntries(Object.entries(shape).map(([key, part]) => [key, fill(part, names)]));
}

/**
 * Who stands for whom, where a value has this shape; null where it has not. `slots` are the strings that vary, and
 * `loose` the paths of objects that may hold more than the shape.
 */
function matched(shape, value, { slots, loose }, path = "", names = new Map()) {
  if (typeof shape === "string" && slots.has(shape)) {
    const isNew = !names.has(shape);
    if (!isUser(value) || (!isNew && names.get(shape) !== value)) return null;
    return names.set(shape, value);
  }
  if (shape === null || typeof shape !== "object") return shape === value ? names : null;
  if (value === null || typeof value !== "object" || Array.isArray(shape) !== Array.isArray(value)) return null;
  const keys = Object.keys(shape);
  const isBeside = (key) => (Object.hasOwn(stage.extras, path + key) ? isExtra(path + key, value[key]) : loose.has(path));
  if (!Object.keys(value).every((key) => keys.includes(key) || isBeside(key))) return null;
  const fits = keys.every(
    (key) => Object.hasOwn(value, key) && matched(shape[key], value[key], { slots, loose }, `${path}${key}.`, names),
  );
  return fits ? names : null;
}

/** Whether an event that holds this beyond its shape is still the same question. */
function isExtra(path, value) {
  const kind = stage.extras[path];
  return kind === "text" ? value === "" || isName(value) : kind === "name" && isName(value);
}

/** Whether an event holds what makes another question of it, which nobody has answered beforehand. */
function isAnotherQuestion(value) {
  const never = Object.keys(stage.extras).filter((path) => stage.extras[path] === "never");
  const holds = (part, [key, ...rest]) =>
    part !== null &&
    typeof part === "object" &&
    Object.hasOwn(part, key) &&
    (rest.length === 0 || holds(part[key], rest));
  return never.some((path) => holds(value, path.split(".")));
}

/** The room's log as JSON lines: the opening, and what has happened since. */
function asLines(room) {
  const cast = new Map(stage.people.map(({ user }, place) => [user, room.users[place]]));
  const opening = stage.openings[room.opening].log.map((event) => fill(event, cast));
  const since = room.events.slice(0, room.at).filter((event) => event.kind !== "note");
  const events = [...opening, ...since.map((event) => asEvent(room, event))];
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

function asEvent(room, event) {
  const shape = event.kind === "change" ? stage.changes[event.form].shapes[0] : stage.settings[event.setting].shape;
  const names = new Map([[ACTS, room.users[event.sender]]]);
  return fill(shape, names.set(ACTED_ON, room.users[event.target]));
}

/** Read a log. Answers `{ problem }`, or `{ room }` in which its events are yet to happen. */
function readLog(text) {
  if (text.length > MOST_BYTES) return { problem: `the log is longer than ${inWords(MOST_BYTES)} letters` };
  const lines = linesOf(text);
  if (!lines.length) return { problem: "there is nothing to read" };
  const ids = lines.map(({ value }) => value?.event_id).filter((id) => typeof id === "string");
  if (new Set(ids).size < ids.length) return { problem: `an event’s id comes again in the log; ${ELSEWHERE}` };
  if (lines.length > MOST_LINES) return { problem: `the log has more than ${inWords(MOST_LINES)} lines` };
  const start = openingOf(lines);
  if (start === null) {
    const [{ number, value, problem = isEvent(value) ? NO_BEGINNING : NO_EVENT }] = lines;
    return { problem: `line ${number}: ${problem}` };
  }
  let room = newRoom(start.opening, start.cast);
  const reader = { roomId: lines[0].value.room_id, decided: null };
  const events = lines.slice(start.length).map((line) => {
    const read = readLine(room, line, reader);
    room = read.room;
    return read.event;
  });
  if (reader.decided && events.every(({ kind }) => kind === "note")) {
    return { problem: `line ${reader.decided}: from here on, the log is not of a room of this page; ${ELSEWHERE}` };
  }
  return { room: { ...room, events } };
}

/** Lines with their numbers, counted from 1: each with a value, or with what is wrong with it. */
function linesOf(text) {
  if (/^\s*\[/.test(text)) {
    try {
      return JSON.parse(text).map((value, place) => ({ number: place + 1, value }));
    } catch {
      // Not an array: then each line for itself.
    }
  }
  const lines = text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, place) => ({ number: place + 1, text: line.trim() }));
  return lines
    .filter(({ text: line }) => line !== "")
    .map(({ number, text: line }) => {
      try {
        const value = JSON.parse(line);
        return isUnicode(value) ? { number, value } : { number, problem: "half of a surrogate pair" };
      } catch {
        return { number, problem: "not JSON" };
      }
    });
}

/** Whether no text of a value holds half of a surrogate pair, which is no Unicode. */
function isUnicode(value) {
  let isFit = true;
  JSON.stringify(value, (key, part) => {
    if (HALF.test(key) || (typeof part === "string" && HALF.test(part))) isFit = false;
    return part;
  });
  return isFit;
}

/** The longest opening with which a log begins, whoever plays whom; null when there is none. */
function openingOf(lines) {
  const found = stage.openings.map(({ log }, opening) => {
    const names = new Map();
    const isNext = (event, place) =>
      matched(event, lines[place].value, OF_OPENINGS, "", names) && lines[place].value.room_id === lines[0].value.room_id;
    const fits = log.length <= lines.length && log.every(isNext);
    const cast = stage.people.map(({ user }) => names.get(user) ?? user);
    return fits && new Set(cast).size === cast.length ? { opening, cast, length: log.length } : null;
  });
  return found.filter(Boolean).sort((one, other) => other.length - one.length)[0] ?? null;
}

const isEvent = (value) => value !== null && typeof value === "object" && isName(value.type);

/** What one line says, to a room that may meet new users by it. */
function readLine(room, { number, value, problem }, reader) {
  const note = (words) => ({ room, event: { kind: "note", words: `line ${number}: ${words}` } });
  if (problem) return note(problem);
  if (!isEvent(value)) return note(NO_EVENT);
  if (value.room_id !== reader.roomId) return note("an event of another room, not judged here");
  if (reader.decided) return note(`not judged here: line ${reader.decided} may change what is decided`);
  for (const [form, { shapes }] of stage.changes.entries()) {
    for (const shape of shapes) {
      const names = matched(shape, value, OF_EVENTS);
      if (names) {
        const [withSender, sender] = withUser(room, names.get(ACTS));
        const [withBoth, target] = withUser(withSender, names.get(ACTED_ON));
        return { room: withBoth, event: { ...changeOf(form), sender, target } };
      }
    }
  }
  for (const [setting, { shape }] of stage.settings.entries()) {
    const names = matched(shape, value, OF_EVENTS);
    if (names) {
      const [withSender, sender] = withUser(room, names.get(ACTS));
      return { room: withSender, event: { kind: "setting", sender, setting } };
    }
  }
  const isUnforeseen = KNOWN_TYPES.has(value.type) && (!stage.takesMore || isAnotherQuestion(value));
  if (isUnforeseen || stage.decisive.includes(value.type)) reader.decided = number;
  return note(`${shorten(value.type)}, not judged here`);
}

/** What comes of a log, in words: as `fsm replay` tells it. */
function replay(text) {
  const { room, problem } = readLog(text);
  return problem ? { problem } : told(room);
}

/** What comes of all events of a room, and who is then where. */
function told(room) {
  const { now, outcomes } = play({ ...room, at: room.events.length });
  const answers = outcomes.map(({ event, allowed, reason, transition }) =>
    event.kind === "note" ? { note: event.words } : { allowed, reason, transition },
  );
  const participation = Object.fromEntries(room.users.map((user, place) => [user, wordOf(now.states[place])]));
  return { outcomes: answers, participation };
}
