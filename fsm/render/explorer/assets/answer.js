// One question and its answer: the decision, every guard in words, and what would have to change.
// A question is an action in a case; it may be about one row, the arrow that was pressed.

/** The answer in one line, and whether it is a yes. */
function verdictOn({ action, at, row }) {
  const decision = decide(action, at);
  if (decision === null) return { yes: false, word: "Cannot be asked", words: "no such event has these facts" };
  if (!isAllowed(decision)) return { yes: false, word: "Rejected", words: reasonFor(decision, action, at) };
  const { dest, row: by } = decision;
  const { id } = data.rows[by];
  const way = dest === at[TARGET] ? `stays in ${stateWord(dest)}` : `${stateWord(at[TARGET])} → ${stateWord(dest)}`;
  if (row !== null && row !== decision.row) {
    return { yes: false, word: `Not as ${data.rows[row].id}`, words: `it is allowed as ${id}: ${way}` };
  }
  return { yes: true, word: `Allowed as ${id}`, words: way };
}

/** Show a question, or `hint` where there is none. `onChange` takes the facts to change when one is picked. */
function showAnswer(question, { hint, prefix = "", onChange = null }) {
  const verdict = byId("verdict");
  byId("why").hidden = question === null;
  if (question === null) {
    verdict.replaceChildren(make("span", {}, hint));
    byId("answer").replaceChildren();
    return;
  }
  const { yes, word, words } = verdictOn(question);
  verdict.replaceChildren(mark(yes), make("span", {}, make("strong", {}, `${prefix}${word}`), " ", prose(words)));
  byId("answer").replaceChildren(...detailsOf(question, onChange));
}

function detailsOf(question, onChange) {
  const { action, at } = question;
  const rows = data.rows
    .map((_, row) => row)
    .filter((row) => data.rows[row].action === action && failedGuards(row, at) !== null);
  const asked = make(
    "p",
    { class: "asked-for" },
    code(data.actions[action].word),
    ` with the target in ${stateWord(at[TARGET])}, `,
    at[SELF] === YES ? "by the target" : `by another user in ${stateWord(at[SENDER])}`,
  );
  const none =
    decide(action, at) === null
      ? make("p", {}, "No event can have these facts, so that nothing decides on it.")
      : make("p", {}, `No transition leads from ${stateWord(at[TARGET])} by `, code(data.actions[action].word), ".");
  return [
    asked,
    ...(rows.length ? rows.map((row) => rowDetails(row, at)) : [none]),
    ...changesFor(question, onChange),
  ];
}

/** A row, and for each of its guards whether it holds. */
function rowDetails(row, at) {
  const { id, sources, actor, clause, guards } = data.rows[row];
  const failed = failedGuards(row, at);
  const source = sources.includes(at[TARGET]) ? stateWord(at[TARGET]) : "";
  const items = guards.map((guard) => {
    const holds = !failed.includes(guard);
    const { name } = data.guards[guard];
    return make(
      "li",
      { "data-guard": name, "data-holds": String(holds) },
      mark(holds),
      make("span", { class: "unseen" }, holds ? "holds: " : "fails: "),
      prose(data.guards[guard][holds ? "holds" : "fails"]),
    );
  });
  return make(
    "article",
    { "data-row": id },
    make("h3", {}, id, aside(` ${source} → ${stateWord(destOf(row, at))}, by ${actor}${clause ? `, section ${clause}` : ""}`)),
    items.length ? make("ul", { class: "guards" }, ...items) : make("p", {}, "Nothing else is asked for."),
  );
}

/** The nearest facts under which the answer would be yes. */
function changesFor(question, onChange) {
  if (verdictOn(question).yes) return [];
  const { action, at, row } = question;
  const ways = row === null ? waysToAllow(action, at) : waysToPermit(row, at);
  if (!ways.length) return [make("p", {}, "No change of facts would allow it.")];
  const shown = ways.slice(0, 4).map((changes) => {
    const words = sentencesOf(changes, at).join(", and ");
    if (!onChange) return make("li", {}, prose(words));
    return make(
      "li",
      {},
      make("button", { type: "button", class: "change", onclick: () => onChange(changes) }, prose(words)),
    );
  });
  const title = row === null ? "It would be allowed if" : `It would be allowed as ${data.rows[row].id} if`;
  return [make("h3", { class: "changes" }, title), make("ul", { class: "ways" }, ...shown)];
}
