// A room that is played: who is where, after which events. What an event leads to is looked up; where everybody
// is, is counted here. A user is a place among the room's users: first those of the stage, then all others.

const stage = data.stage;

const MOST_LETTERS = 65_535; // in a name

// What is longer in UTF-16 may still be short enough in letters.
const isName = (value) =>
  typeof value === "string" && value !== "" && (value.length <= MOST_LETTERS || [...value].length <= MOST_LETTERS);

const USER = stage && new RegExp(stage.user.pattern, "su");
const isUser = (value) =>
  isName(value) && USER.test(value) && new TextEncoder().encode(value).length <= stage.user.bytes;

/** What a room can begin with: the openings of the stage, and then the recordings. */
const beginnings = stage ? [...stage.openings, ...data.recordings] : [];
const recordingOf = (room) => data.recordings[room.opening - stage.openings.length];

/** The room at the start; `cast` are the ids under which the people of the stage take part. */
function newRoom(opening, cast = stage.people.map(({ user }) => user)) {
  const recording = recordingOf({ opening });
  const users = recording ? recording.users : cast;
  const events = recording ? recording.events.map((event) => recordedEvent(event, recording)) : [];
  return { opening, users: [...users], events, at: 0, sender: 0, target: users.length - 1 };
}

/** An event of a recording: a change with the case in which it was judged, or words and whoever was moved. */
function recordedEvent([first, ...rest], { cases }) {
  if (typeof first === "string") return { kind: "note", words: first, moves: rest[0] };
  const [action, target, place] = rest;
  return { kind: "change", sender: first, action, target, at: cases[place] };
}

const roleOf = (room, user) =>
  recordingOf(room) ? "" : stage.openings[room.opening].roles[Math.min(user, stage.people.length)];
const isOnStage = (room, user) =>
  !recordingOf(room) && user < stage.people.length && room.users[user] === stage.people[user].user;
const nameOf = (room, user) => (isOnStage(room, user) ? stage.people[user].name : room.users[user]);

/** The room with somebody in it, and their place. */
function withUser(room, id) {
  const place = room.users.indexOf(id);
  return place < 0 ? [{ ...room, users: [...room.users, id] }, room.users.length] : [room, place];
}

/**
 * What the facts of a change between two users are, but for where they are and what was set: at the start or, where
 * the facts follow from where the two are, in these states of all users.
 */
function standing(room, action, sender, target, states = null) {
  const strangers = stage.people.length;
  const pairs = stage.openings[room.opening].pairs[action];
  const place = Math.min(sender, strangers);
  const other = sender === target ? place : target < strangers ? target : strangers + Number(sender >= strangers);
  const known = pairs[place][other];
  if (!Array.isArray(known)) return stage.standings[known];
  const [start, ...byStates] = known;
  return stage.standings[states === null ? start : byStates[states[sender]][states[target]]];
}

/** Where everybody is at the start. */
const initialStates = (room) => {
  if (recordingOf(room)) return room.users.map(() => data.initial);
  const { starts } = stage.openings[room.opening];
  return room.users.map((_, user) => (starts ? (starts[user] ?? data.initial) : standing(room, 0, user, user)[TARGET]));
};

/** The facts of a change that one user would make to another now; of a recording, those of its last change if any. */
function factsBetween(room, now, action, sender, target) {
  if (recordingOf(room) && !now.last) return null;
  const isCounted = !recordingOf(room) && stage.plain;
  const known = recordingOf(room) ? now.last : isCounted ? stage.plain : standing(room, action, sender, target, now.states);
  const at = [...known];
  if (isCounted) at[SELF] = sender === target ? YES : 1 - YES;
  at[TARGET] = now.states[target];
  at[SENDER] = now.states[sender];
  return changed(at, now.settings);
}

/** A change in a form in which it can be asked for: an action, and what else the event says. */
const changeOf = (form) => ({ kind: "change", form, action: stage.changes[form].action });

/** What an event says beside its action, and what follows from that and from how many users stand where. */
function asksOf(now, form, sender, target) {
  const { asks, dest } = stage.changes[form];
  if (!stage.followed) return asks;
  const others = now.states.filter((_, user) => user !== target);
  const place = (count) => stage.numbers.findLastIndex((number) => number <= count);
  const inputs = {
    ...now.set,
    form,
    sender: now.states[sender],
    target: now.states[target],
    self: Number(sender === target),
    left: place(others.filter((state) => state === now.states[target]).length),
    entered: place(others.filter((state) => state === dest).length),
    members: place(others.filter((state) => stage.members.includes(state)).length),
  };
  const valueOf = ({ inputs: names, values, plain }) => values[names.map((name) => inputs[name] ?? -1).join()] ?? plain;
  return [...asks, ...stage.followed.map((each) => [each.fact, valueOf(each)])];
}

/** The facts of a change that is asked for now. */
const caseOfEvent = (room, now, { form, action, sender, target }) =>
  changed(factsBetween(room, now, action, sender, target), asksOf(now, form, sender, target));

/** What comes of one event, and the room after it. */
function send(room, now, event) {
  if (event.kind === "note") {
    const states = [...now.states];
    for (const [user, where] of event.moves ?? []) states[user] = where;
    return { outcome: { event }, now: { ...now, states, last: null } };
  }
  if (event.kind === "setting") {
    const user = Math.min(event.sender, stage.people.length);
    const known = stage.openings[room.opening].answers[event.setting];
    const answers = stage.plain ? known : known[user];
    const [allowed, reason, transition] = stage.answers[answers[now.states[event.sender]]];
    const outcome = { event, allowed, reason, transition, settings: now.settings };
    const { sets, type } = stage.settings[event.setting];
    return { outcome, now: allowed ? { ...now, settings: sets, set: { ...now.set, [type]: event.setting } } : now };
  }
  const at = event.at ?? caseOfEvent(room, now, event);
  const decision = decide(event.action, at);
  const allowed = isAllowed(decision);
  const transition = allowed ? data.rows[decision.row].id : null;
  const reason = allowed ? "" : decision ? reasonFor(decision, event.action, at) : "no such event has these facts";
  const outcome = { event, allowed, transition, dest: decision?.dest, at, reason };
  if (!allowed) return { outcome, now: { ...now, last: at } };
  const states = [...now.states];
  states[event.target] = decision.dest;
  return { outcome, now: { ...now, states, last: at } };
}

/** Send all events: what came of each, and the room after as many of them as have happened. */
function play(room) {
  let now = { states: initialStates(room), settings: [], set: {}, last: null };
  let present = now;
  const outcomes = room.events.map((event, place) => {
    const sent = send(room, now, event);
    now = sent.now;
    if (place < room.at) present = now;
    return sent.outcome;
  });
  return { now: present, outcomes };
}

/** The room after one more event; what had been undone is gone. */
function withEvent(room, event) {
  const events = [...room.events.slice(0, room.at), event];
  return { ...room, events, at: events.length };
}
