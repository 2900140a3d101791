"use strict";

// The table of answers. Python asked and answered every question beforehand; here they are looked up, and
// nothing is judged. A case is an array with one place for each fact: that of its value among the fact's options.

const data = JSON.parse(document.getElementById("data").textContent);

const factNamed = (name) => data.facts.findIndex((fact) => fact.name === name);
const TARGET = factNamed("target");
const SENDER = factNamed("sender");
const SELF = factNamed("is_self");
const YES = data.facts[SELF].options.findIndex((option) => option.word === "true");

/** The leaf of a diagram to which a case leads. */
function follow(root, at) {
  let node = root;
  while (node < 0) {
    const branches = data.nodes[-node - 1];
    node = branches[1 + at[branches[0]]];
  }
  return node;
}

// The leaves of a diagram that tells what can be asked.
const CANNOT_BE = 1;
const CAN_BE = 2;

/** What is decided on an action; null where nobody can ask, as no such event has these facts. */
function decide(action, at) {
  const { root, asked } = data.actions[action];
  return follow(asked, at) === CAN_BE ? data.decisions[follow(root, at) - 1] : null;
}

/** Why not: the reason has places for the words of the action and of the target's state. */
function reasonFor(decision, action, at) {
  const words = { "{action}": data.actions[action].word, "{target}": wordOf(at[TARGET]) };
  return decision.reason.replace(/\{action\}|\{target\}/g, (place) => words[place]);
}

const isAllowed = (decision) => decision !== null && decision.row !== undefined;

/** The guards of a row that fail; null where it does not lead from the target's state, or where nobody can ask. */
function failedGuards(row, at) {
  const { action, sources, among, root } = data.rows[row];
  const isFor = sources.includes(at[TARGET]) && (among === null || among.includes(destOf(row, at)));
  const isAsked = isFor && follow(data.actions[action].asked, at) === CAN_BE;
  return isAsked ? data.failures[follow(root, at) - 1] : null;
}

const isPossible = (at) => follow(data.possible, at) === CAN_BE;

/** The case of these facts with the target in a state; whoever acts on themselves is where the target is. */
function placed(facts, target) {
  const at = [...facts];
  at[TARGET] = target;
  if (at[SELF] === YES) at[SENDER] = target;
  return at;
}

/**
 * The nearest cases that can be and whose leaf is wanted: the fewest facts that would have to change, in every
 * such way. The facts that are `fixed` keep their values. Each way is a list of pairs of fact and value.
 */
function nearest({ root, asked, isWanted }, at, fixed) {
  const factOf = (node) => (node < 0 ? data.nodes[-node - 1][0] : data.facts.length);
  const known = new Map();
  // Both diagrams are searched at once; a fact that neither asks for need not change.
  const branchesOf = ([node, can]) => {
    const fact = Math.min(factOf(node), factOf(can));
    const branch = (from, value) => (factOf(from) === fact ? data.nodes[-from - 1][1 + value] : from);
    const price = (value) => (value === at[fact] ? 0 : fixed.includes(fact) ? Infinity : 1);
    return data.facts[fact].options.map((_, value) => ({
      fact,
      value,
      to: [branch(node, value), branch(can, value)],
      price: price(value),
    }));
  };
  const cost = ([node, can]) => {
    if (can === CANNOT_BE) return Infinity;
    if (node >= 0 && can >= 0) return isWanted(node) ? 0 : Infinity;
    const key = `${node} ${can}`;
    if (!known.has(key))
      known.set(
        key,
        Math.min(...branchesOf([node, can]).map(({ to, price }) => price + (price < Infinity ? cost(to) : 0))),
      );
    return known.get(key);
  };
  const ways = [];
  const walk = ([node, can], budget, changes) => {
    if (node >= 0 && can >= 0) return ways.push(changes);
    for (const { fact, value, to, price } of branchesOf([node, can])) {
      if (price + cost(to) === budget) walk(to, budget - price, price ? [...changes, [fact, value]] : changes);
    }
  };
  const least = cost([root, asked]);
  if (least < Infinity) walk([root, asked], least, []);
  return ways;
}

/** The nearest ways to have an action allowed: where the target is, or else anywhere. */
function waysToAllow(action, at) {
  const search = { ...data.actions[action], isWanted: (leaf) => isAllowed(data.decisions[leaf - 1]) };
  const here = nearest(search, at, [TARGET]);
  return here.length ? here : nearest(search, at, []);
}

/** The nearest ways to have one row permit, where the target is. */
function waysToPermit(row, at) {
  const { root, action } = data.rows[row];
  const isWanted = (leaf) => data.failures[leaf - 1].length === 0;
  return nearest({ root, asked: data.actions[action].asked, isWanted }, at, [TARGET]);
}

/** The nearest ways for a case to be at all. */
const waysToBe = (at, fixed) =>
  nearest({ root: data.possible, asked: data.possible, isWanted: () => true }, at, fixed);

/** The same case with some facts changed. */
function changed(at, changes) {
  const other = [...at];
  for (const [fact, value] of changes) other[fact] = value;
  return other;
}

/** What is the case once some facts have changed; whoever acts on themselves is where the target is. */
function sentencesOf(changes, at) {
  const isSelf = changed(at, changes)[SELF] === YES;
  const told = changes.filter(
    ([fact]) => !(isSelf && fact === SENDER && changes.some(([other]) => other === TARGET)),
  );
  return told.map(([fact, value]) => data.facts[fact].options[value].sentence);
}

/** What people call a state, and what stands for it in data. */
const stateWord = (state) => data.states[state].label;
const wordOf = (state) => data.states[state].word;

/** Where a row leads in a case: it may be for the event to say. */
function destOf(row, at) {
  const { dest, asks } = data.rows[row];
  return asks === null ? dest : data.facts[asks].states[at[asks]];
}

/** A decision in the words of `fsm decide`. */
function asAnswer(action, at) {
  const decision = decide(action, at);
  if (decision === null) return null;
  const before = wordOf(at[TARGET]);
  const answer = { allowed: true, transition: null, before, after: before, policy: data.policy.id, refusals: [] };
  if (isAllowed(decision)) {
    const { id } = data.rows[decision.row];
    return { ...answer, transition: id, after: wordOf(decision.dest) };
  }
  const refusals = decision.refusals.map(([row, failed]) => ({
    transition: data.rows[row].id,
    failed: failed.map((guard) => data.guards[guard].name),
    clause: data.rows[row].clause,
  }));
  return { ...answer, allowed: false, reason: reasonFor(decision, action, at), refusals };
}
