// What has happened in the room: the events with what came of them, the way back and forth, and logs to open.

const AROUND = 150; // events shown before and after the present one

function makeHistory(act) {
  const button = (words, onclick) => make("button", { type: "button", onclick }, words);
  const undo = button("Undo", () => act.moveTo(-1));
  const redo = button("Redo", () => act.moveTo(1));
  const run = button("Play", act.play);
  const slider = make("input", {
    type: "range",
    min: "0",
    "aria-label": "Events that have happened",
    oninput: () => act.jump(Number(slider.value)),
  });
  const list = make("ol", { tabindex: "0", "aria-label": "Events" });
  const again = button("Start over", act.again);
  const copy = button("Copy as JSON lines", act.copy);
  const open = button("Open a log", act.open);
  byId("history").append(
    make("div", { class: "tools" }, undo, redo, run, slider),
    list,
    make("div", { class: "tools" }, copy, open, again),
  );
  return { undo, redo, run, slider, list, copy };
}

function showHistory({ undo, redo, run, slider, list, copy }, room, outcomes, isPlaying, act) {
  const count = room.events.length;
  copy.hidden = Boolean(recordingOf(room)); // whoever recorded it has the log
  const focused = document.activeElement;
  undo.disabled = room.at === 0;
  redo.disabled = room.at === count;
  // Whoever goes on to the end by key does not lose their place.
  if (focused === undo && undo.disabled) redo.focus();
  if (focused === redo && redo.disabled) undo.focus();
  run.disabled = count === 0;
  run.textContent = isPlaying ? "Pause" : "Play";
  slider.max = String(count);
  slider.value = String(room.at);
  slider.disabled = count === 0;
  slider.setAttribute("aria-valuetext", `${room.at} of ${count}`);
  const first = Math.max(0, room.at - AROUND);
  const shown = outcomes.slice(first, room.at + AROUND);
  const items = shown.map((outcome, place) => eventItem(room, outcome, first + place, act));
  if (first) items.unshift(make("li", { class: "faint" }, `${first} events before`));
  const after = count - first - shown.length;
  if (after) items.push(make("li", { class: "faint" }, `${after} events after`));
  const hint = "Nothing yet. Choose who acts, and on whom; then press what they do.";
  if (!items.length) items.push(make("li", { class: "faint" }, hint));
  const hadFocus = list.contains(document.activeElement);
  list.replaceChildren(...items);
  const present = list.querySelector("[aria-current]");
  if (present) list.scrollTop = present.offsetTop - list.clientHeight / 2;
  if (hadFocus) (present?.querySelector("button") ?? list).focus();
}

function eventItem(room, outcome, place, act) {
  const { event, allowed } = outcome;
  const present = { "aria-current": place === room.at - 1 && "step" };
  const classes = place >= room.at ? "later" : "";
  if (event.kind === "note") return make("li", { class: `note faint ${classes}`, ...present }, event.words);
  const { who, what, came } = eventWords(room, outcome);
  const button = make(
    "button",
    { type: "button", onclick: () => act.jump(place + 1) },
    mark(allowed),
    make("bdi", {}, who),
    make("strong", {}, what),
    make("span", { class: "unseen" }, allowed ? "allowed" : "rejected"),
    make("small", {}, prose(came)),
  );
  return make("li", { class: classes, "data-allowed": String(allowed), ...present }, button);
}

/** An event in words: who, what, and what came of it. */
function eventWords(room, { event, allowed, transition, dest, at, reason }) {
  const name = (user) => shorten(nameOf(room, user), 24);
  if (event.kind === "setting") {
    return { who: name(event.sender), what: stage.settings[event.setting].words, came: reason };
  }
  const who = event.sender === event.target ? name(event.sender) : `${name(event.sender)} → ${name(event.target)}`;
  const before = stateWord(at[TARGET]);
  if (!allowed) return { who, what: stage?.changes[event.form]?.words ?? data.actions[event.action].word, came: reason };
  const came = dest === at[TARGET] ? `stays in ${before}` : `${before} → ${stateWord(dest)}`;
  return { who, what: transition, came };
}

/** The dialog in which a log is chosen or pasted. */
function makeOpener(onText) {
  const dialog = byId("opener");
  const problem = make("p", { role: "alert", class: "problem" });
  const text = make("textarea", {
    rows: "8",
    "aria-label": "A log as JSON lines",
    spellcheck: "false",
    placeholder: '{"type": …}',
  });
  const take = (content) => {
    const wrong = onText(content);
    problem.textContent = wrong ?? "";
    if (!wrong) dialog.close();
  };
  const file = make("input", {
    type: "file",
    "aria-label": "A file",
    onchange: async () => {
      const [chosen] = file.files;
      if (!chosen) return;
      if (chosen.size > MOST_BYTES) problem.textContent = `the file is larger than ${inWords(MOST_BYTES)} bytes`;
      else take(await chosen.text().catch(() => ""));
      file.value = "";
    },
  });
  const about =
    "JSON lines, as “Copy as JSON lines” writes them: one of the rooms of this page, with whatever happens in it. " +
    `Any other log plays on a page of its own, which “fsm explore ${data.policy.id} --log FILE” makes. ` +
    "The file stays on this machine.";
  dialog.append(
    make("h2", { id: "opener-title" }, "Open a log"),
    make("p", { class: "faint" }, about),
    make("p", {}, file),
    make("p", {}, text),
    problem,
    make(
      "div",
      { class: "tools" },
      make("button", { type: "button", class: "main", onclick: () => take(text.value) }, "Open"),
      make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
    ),
  );
  return () => {
    problem.textContent = "";
    text.value = "";
    dialog.showModal();
  };
}
