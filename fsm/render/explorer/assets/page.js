// The page: one state, shown whenever it changes, and kept in the address.
//
// `mode` is case or room; `facts` are those of the case, with the target perhaps anywhere; `ask` is what is asked
// about, an action in a state and perhaps the row of an arrow; `room` is the room that is played.

const STEP = 700; // milliseconds between events that are played

let state = readAddress(location.hash);
let playing = null;

const isRoom = () => state.mode === "room";

function change(patch) {
  state = { ...state, notice: "", ...patch };
  show();
  const address = writeAddress(state);
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
}

/** Change the room; what has been asked about an arrow is then past. */
const changeRoom = (patch) => change({ room: { ...state.room, ...patch }, ask: null });

/** Ask about an action in a state; a target that is somewhere goes there. */
function ask(question) {
  const isElsewhere = !isRoom() && state.facts[TARGET] !== ANYWHERE;
  change({ ask: question, facts: isElsewhere ? changed(state.facts, [[TARGET, question.target]]) : state.facts });
}

function askAboutEdge(place) {
  const { row, source, dest } = data.edges[place];
  const { action, asks } = data.rows[row];
  if (asks !== null && !isRoom()) change({ facts: leadingTo(row, dest, state.facts) });
  ask({ action, target: source, row });
}

/** The target is in this state, or anywhere once more. */
function chooseState(place) {
  if (isRoom()) return;
  change({ facts: changed(state.facts, [[TARGET, state.facts[TARGET] === place ? ANYWHERE : place]]) });
}

function chooseFact(fact, value) {
  change({ facts: fact === null ? firstState().facts : withFact(state.facts, fact, value) });
}

function chooseMode(mode) {
  stop();
  change({ mode, ask: null });
}

/** Change some facts so that what is asked about would be allowed. */
function chooseWay(changes) {
  const { facts, ask: asked } = state;
  const isAnywhere = facts[TARGET] === ANYWHERE;
  const target = changes.find(([fact]) => fact === TARGET)?.[1] ?? asked.target;
  const others = changes.filter(([fact]) => fact !== TARGET || !isAnywhere);
  change({ facts: changed(facts, others), ask: { ...asked, target } });
  byId("verdict").focus();
}

// What can be done in a room.

function begin(opening) {
  stop();
  changeRoom(newRoom(opening, recordingOf(state.room) ? undefined : state.room.users.slice(0, stage.people.length)));
}

function happen(event) {
  stop();
  changeRoom(withEvent(state.room, { sender: state.room.sender, ...event }));
}

function meet(id) {
  if (!isUser(id)) return change({ notice: `“${shorten(id)}” is no user id here.` });
  const [room, target] = withUser(state.room, id);
  changeRoom({ ...room, target });
}

/** Go to a time in the room's history, and look at who was part of what had just happened. */
function goTo(at) {
  const last = state.room.events[at - 1];
  const pair = last?.kind === "change" ? { sender: last.sender, target: last.target } : {};
  changeRoom({ at, ...pair });
}

function jump(at) {
  stop();
  goTo(at);
}

function playOrPause() {
  if (playing) stop();
  else start();
  show();
}

function start() {
  if (state.room.at === state.room.events.length) goTo(0);
  playing = setInterval(() => {
    goTo(Math.min(state.room.at + 1, state.room.events.length));
    if (state.room.at < state.room.events.length) return;
    stop();
    show();
  }, STEP);
}

function stop() {
  clearInterval(playing);
  playing = null;
}

/** Take a log; answers what is wrong with it, if it cannot be read. */
function take(text) {
  const { room, problem } = readLog(text);
  if (problem) return problem;
  stop();
  const present = { ...room, at: room.events.length };
  const { outcomes } = play(present);
  const count = (answer) => outcomes.filter(({ allowed }) => allowed === answer).length;
  const notes = outcomes.filter(({ event }) => event.kind === "note");
  const rest = notes.length ? `, ${notes.length} not judged (${notes[0].event.words})` : "";
  const sum = `${count(true)} allowed, ${count(false)} rejected${rest}`;
  const notice = `Opened: “${beginnings[room.opening].name}”, then ${sum}. Play shows it from the start.`;
  change({ room: present, ask: null, notice });
  return null;
}

async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    tell(done);
  } catch {
    offer(text);
  }
}

/** Where a page may not copy, let people do it. */
function offer(text) {
  const area = make("textarea", { readonly: true, rows: "10", "aria-label": "Text to copy" });
  area.value = text;
  const close = make("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = make("dialog", { onclose: () => dialog.remove() }, area, close);
  document.body.append(dialog);
  dialog.showModal();
  area.select();
}

function copyLink() {
  const isWhole = !isRoom() || !state.room.events.length || /room-(log|at)=/.test(location.hash);
  const cut = "The log is too long for a link, or has names that none can hold: copy it as JSON lines instead.";
  copy(location.href, isWhole ? "The link is copied." : cut);
}

const copyLog = () => copy(asLines(state.room), "The log is copied: “fsm replay” takes it.");

// What is built once.

const pictures = makePictures({ onEdge: askAboutEdge, onState: chooseState });
const controls = makeFacts(chooseFact);
const matrix = makeMatrix((action, target) => ask({ action, target, row: null }));
const MODES = [["case", "Cases"], ["room", "A room"]];
const LEADS = {
  case: "Set the facts: what they allow lights up, and the rest fades. Press any arrow or cell to read why.",
  room: "Choose who acts, and on whom; then press what they do. People move as the policy decides.",
  recording: "A log that was judged when this page was made. Play it, or go through it event by event.",
};
const modes = choice("mode", "Show", MODES, chooseMode);
const openLog = stage && makeOpener(take);
const stageView =
  stage &&
  makeStage({
    begin,
    again: () => begin(state.room.opening),
    pick: changeRoom,
    add: meet,
    change: (form) => happen({ ...changeOf(form), target: state.room.target }),
    set: (setting) => happen({ kind: "setting", setting }),
    jump,
    moveTo: (step) => jump(state.room.at + step),
    play: playOrPause,
    copy: copyLog,
    open: openLog,
  });

// Showing.

function tell(words) {
  byId("notice").textContent = words;
}

function show() {
  modes.show(state.mode);
  tell(state.notice);
  document.body.dataset.mode = state.mode;
  byId("lead").textContent = LEADS[isRoom() && recordingOf(state.room) ? "recording" : state.mode];
  for (const id of ["case", "matrix"]) byId(id).hidden = isRoom();
  for (const id of ["room", "board", "history"]) byId(id).hidden = !isRoom();
  if (isRoom()) showRoom();
  else showCase();
}

function showCase() {
  const { facts, ask: asked } = state;
  const chosen = facts[TARGET];
  const caseOf = (target) => placed(facts, target);
  const isHere = (target) => chosen === ANYWHERE || chosen === target;
  const view = { caseOf, isHere, asked, chosen };
  showFacts(controls, facts);
  showPictures(pictures, view);
  showMatrix(matrix, view);
  const question = asked && { ...asked, at: caseOf(asked.target) };
  showAnswer(question, { hint: "Press an arrow, or a cell of the table.", onChange: chooseWay });
}

function showRoom() {
  const { room, ask: asked } = state;
  const played = play(room);
  const { now, outcomes } = played;
  const chosen = now.states[room.target];
  const factsOf = (action) => factsBetween(room, now, action, room.sender, room.target);
  const caseOf = (target, action) => placed(factsOf(action), target);
  showStage(stageView, room, played, playing !== null);
  const formsOf = (action) => stage.changes.flatMap((each, form) => (each.action === action ? [form] : []));
  const asksBy = (action) =>
    recordingOf(room) ? [[]] : formsOf(action).map((form) => asksOf(now, form, room.sender, room.target));
  const isHere = (target) => target === chosen && factsOf(0) !== null;
  showPictures(pictures, { caseOf, isHere, asked, chosen, asksOf: asksBy });
  if (asked && factsOf(0) !== null) {
    const name = shorten(nameOf(room, room.target), 24);
    const prefix = asked.target === chosen ? "" : `If ${name} were in ${stateWord(asked.target)}: `;
    showAnswer({ ...asked, at: caseOf(asked.target, asked.action) }, { prefix });
  } else showLast(room, outcomes[room.at - 1]);
}

/** Explain what has just happened. */
function showLast(room, outcome) {
  if (!outcome) return showAnswer(null, { hint: "What happens is explained here." });
  const { event, allowed, at } = outcome;
  if (event.kind === "note") return showAnswer(null, { hint: event.words });
  const { who, what, came } = eventWords(room, outcome);
  if (event.kind === "setting") {
    const said = [allowed ? "allowed" : "rejected", came].filter(Boolean).join(", ");
    return showAnswer(null, { hint: `${who}, ${what}: ${said}` });
  }
  showAnswer({ action: event.action, at, row: null }, { prefix: `${who}, ${what}: ` });
}

byId("title").textContent = data.policy.title;
byId("source").textContent = `${data.policy.id} · ${data.policy.source}`;
byId("copy-link").addEventListener("click", copyLink);
byId("why").addEventListener("click", () => byId("answer").focus());
if (stage) byId("modes").append(modes.element);
makeLegend();
window.addEventListener("hashchange", () => {
  stop();
  state = readAddress(location.hash);
  show();
});
show();

// For whoever wants to ask from the browser's console, or from a test.
window.explorer = { data, answer: asAnswer, replay, begun: (place) => told(newRoom(place)) };
