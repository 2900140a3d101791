// One case: every fact has its control, and every cell of states and actions its answer.

const ANYWHERE = -1;

/** The controls, one for each fact that can vary, in their groups. */
function makeFacts(onFact) {
  const form = byId("case");
  form.addEventListener("submit", (event) => event.preventDefault());
  const groups = new Map(["The target", "The sender", "The event", "The room"].map((name) => [name, []]));
  // Who acts comes before where they are.
  const order = data.facts.map((_, fact) => fact).sort((one, other) => (other === SELF) - (one === SELF));
  const controls = [];
  for (const fact of order) {
    if (!data.facts[fact].matters) continue;
    controls.push(data.facts[fact].switch ? makeSwitch(fact, onFact) : makeChoice(fact, onFact));
    groups.get(data.facts[fact].group).push(controls.at(-1).element);
  }
  for (const [name, elements] of groups) {
    if (elements.length) form.append(make("fieldset", { class: "group" }, make("legend", {}, name), ...elements));
  }
  form.append(
    make("button", { type: "reset", onclick: (event) => (event.preventDefault(), onFact(null)) }, "Reset the facts"),
  );
  return controls;
}

function makeChoice(fact, onFact) {
  const { name, label, options } = data.facts[fact];
  const isOfState = fact === TARGET || fact === SENDER;
  const values = isOfState ? data.order : options.map((_, value) => value);
  const choices = values.map((value) => [value, options[value].label]);
  if (fact === TARGET) choices.unshift([ANYWHERE, "any state"]);
  const control = choice(`fact-${name}`, label, choices, (value) => onFact(fact, value));
  return { ...control, fact };
}

function makeSwitch(fact, onFact) {
  const { name, options } = data.facts[fact];
  const input = make("input", {
    type: "checkbox",
    name: `fact-${name}`,
    onchange: () => onFact(fact, Number(input.checked)),
  });
  const element = make("label", { class: "switch" }, input, make("span", {}, options.at(-1).label));
  return {
    element,
    fact,
    show: (value) => (input.checked = value === 1),
    enable: (enabled) => (input.disabled = !enabled),
  };
}

function showFacts(controls, facts) {
  for (const { fact, show, enable } of controls) {
    const isFollowing = fact === SENDER && facts[SELF] === YES;
    enable(!isFollowing);
    show(isFollowing ? facts[TARGET] : facts[fact]);
  }
}

/** These facts with one of them changed, and as few others as it takes to be possible. */
function withFact(facts, fact, value) {
  const next = changed(facts, [[fact, value]]);
  const anchor = next[TARGET] === ANYWHERE ? next[SENDER] : next[TARGET];
  const at = placed(next, anchor);
  if (isPossible(at)) return next;
  const [changes = []] = waysToBe(at, [fact, TARGET, SENDER, SELF]);
  return changed(next, changes);
}

/** The matrix: a row for each state of the target, a column for each action, a button in each cell. */
function makeMatrix(onCell) {
  const head = make(
    "tr",
    {},
    make("th", { scope: "col" }, "target in"),
    ...data.actions.map(({ word }) => make("th", { scope: "col" }, word)),
  );
  const cells = [];
  const rows = data.order.map((state) => {
    const buttons = data.actions.map((_, action) => {
      const button = make("button", { type: "button", onclick: () => onCell(action, state) });
      cells.push({ button, action, state });
      return make("td", {}, button);
    });
    return { state, element: make("tr", {}, make("th", { scope: "row" }, stateWord(state)), ...buttons) };
  });
  const caption = make(
    "p",
    { class: "faint" },
    "What each action would be, under these facts. – is a rejection: press it to see why.",
  );
  const table = make(
    "table",
    { "aria-labelledby": "matrix-title" },
    make("thead", {}, head),
    make("tbody", {}, ...rows.map(({ element }) => element)),
  );
  byId("matrix").append(caption, make("div", { class: "scroll" }, table));
  rove(
    cells.map(({ button }) => button),
    data.actions.length,
  );
  return { cells, rows };
}

function showMatrix({ cells, rows }, { caseOf, asked, chosen }) {
  for (const { button, action, state } of cells) {
    const decision = decide(action, caseOf(state, action));
    const row = isAllowed(decision) ? data.rows[decision.row] : null;
    const line = row ? data.edges.find((edge) => edge.row === decision.row && edge.source === state && edge.dest === decision.dest)?.line : null;
    const isAsked = asked !== null && asked.action === action && asked.target === state;
    button.textContent = row ? row.id : decision === null ? "·" : "–";
    const verdict = row ? `allowed as ${row.id}` : decision === null ? "cannot be asked" : "rejected";
    set(button, {
      class: row ? `yes ${line ?? ""}` : "no",
      "aria-label": `${data.actions[action].word}, target in ${stateWord(state)}: ${verdict}`,
      "aria-pressed": String(isAsked),
    });
  }
  for (const { state, element } of rows) {
    element.className = chosen === state ? "chosen" : chosen === ANYWHERE ? "" : "away";
  }
}
