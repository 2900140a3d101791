// The picture: which arrows are possible, and which one is asked about.

const MOST_NAMED = 24; // of what is possible

const canvas = byId("canvas");

/** Every drawing of the policy; the page shows the one that it has room for. */
function makePictures(onPress) {
  const made = [...canvas.querySelectorAll("svg")].map((svg) => makePicture(svg, onPress));
  canvas.className = "measured";
  return made;
}

/** Make a drawing fit what is left of it, and let its states and arrows be pressed. */
function makePicture(svg, { onState, onEdge }) {
  const find = (id) => svg.querySelector(`[data-id="${CSS.escape(id)}"]`);
  const states = data.states.map(({ id }) => find(id)); // null for what no history in order comes to
  const edges = data.edges.map(({ id }) => find(id));
  svg.setAttribute("role", "group");
  svg.setAttribute("aria-label", "States and the transitions between them; move with the arrow keys");
  fit(svg);
  states.forEach((state, place) => {
    const repeats = edges.filter((edge, each) => data.edges[each].source === place && edge?.matches(".repeat"));
    if (!state) return;
    [state, ...repeats].forEach((part) => centre(part, state.querySelector("path, polygon")));
    asButton(state, () => onState(place));
  });
  edges.forEach((edge, place) => {
    if (!edge) return;
    widen(edge);
    asButton(edge, () => onEdge(place));
  });
  rove(
    data.order
      .flatMap((state) => [states[state], ...edges.filter((_, place) => data.edges[place].source === state)])
      .filter(Boolean),
  );
  return { states, edges };
}

function fit(svg) {
  const { x, y, width, height } = svg.getBBox();
  const margin = 4;
  svg.setAttribute(
    "viewBox",
    [x - margin, y - margin, width + 2 * margin, height + 2 * margin].map(Math.round).join(" "),
  );
  svg.style.setProperty("--width", `${Math.round(width + 2 * margin) * (4 / 3)}px`);
}

/** The words in the middle of their shape, and no wider, whatever font they are in. */
function centre(part, shape) {
  const { x, width } = shape.getBBox();
  for (const text of part.querySelectorAll("text")) {
    for (const [name, value] of Object.entries({ x: x + width / 2, "text-anchor": "middle" }))
      text.setAttribute(name, value);
    if (text.getComputedTextLength() < width - 8) continue;
    text.setAttribute("textLength", width - 8);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
  }
}

/** Give a thin line something to hit: a broad copy that does not show, and the space behind its words. */
function widen(edge) {
  const line = edge.querySelector("path");
  if (line) {
    const broad = line.cloneNode();
    broad.setAttribute("class", "reach");
    line.before(broad);
  }
  const words = [...edge.querySelectorAll("text")].map((text) => text.getBBox());
  if (!words.length) return;
  const [left, top] = [Math.min(...words.map((box) => box.x)), Math.min(...words.map((box) => box.y))];
  const space = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const sides = {
    x: left - 3,
    y: top - 1,
    width: Math.max(...words.map((box) => box.x + box.width)) - left + 6,
    height: Math.max(...words.map((box) => box.y + box.height)) - top + 2,
    rx: 3,
    class: "words",
  };
  for (const [name, value] of Object.entries(sides)) space.setAttribute(name, value);
  edge.firstElementChild.after(space);
}

/** The case in which the event asks for where an arrow leads, where that is for the event to say. */
function leadingTo(row, dest, at) {
  const { asks } = data.rows[row];
  return asks === null ? at : changed(at, [[asks, data.facts[asks].states.indexOf(dest)]]);
}

function showPictures(pictures, view) {
  pictures.forEach((picture) => showPicture(picture, view));
}

/**
 * Show for each arrow whether it is possible in its case; `asked` is the arrow asked about, if any. `asksOf` gives
 * what events that ask for an action may say beside it, as changes of the facts.
 */
function showPicture({ states, edges }, { caseOf, isHere, asked, chosen, asksOf = () => [[]] }) {
  const possible = new Set();
  data.edges.forEach(({ row, source, dest, actor }, place) => {
    const at = isHere(source) ? caseOf(source, data.rows[row].action) : null;
    const { asks: fact } = data.rows[row];
    const isOpen = (asks) => {
      const one = changed(at, asks);
      if (asks.some(([place]) => place === fact)) return destOf(row, one) === dest && failedGuards(row, one)?.length === 0;
      return failedGuards(row, leadingTo(row, dest, one))?.length === 0;
    };
    const lit = isHere(source) && asksOf(data.rows[row].action).some(isOpen);
    if (lit) possible.add(row);
    const { id } = data.rows[row];
    const way = source === dest ? `stays in ${stateWord(dest)}` : `${stateWord(source)} to ${stateWord(dest)}`;
    const edge = edges[place];
    if (!edge) return;
    edge.classList.toggle("lit", lit);
    const isAsked = asked !== null && asked.row === row && asked.target === source;
    edge.classList.toggle("asked", isAsked && (at === null || destOf(row, at) === dest));
    edge.setAttribute("aria-label", `${id}: ${way}, by ${actor}: ${lit ? "possible" : "not possible"}`);
    edge.setAttribute("aria-pressed", String(edge.classList.contains("asked")));
  });
  states.forEach((state, place) => {
    if (!state) return;
    state.classList.toggle("chosen", place === chosen);
    state.classList.toggle("away", !isHere(place));
    state.setAttribute("aria-label", `state ${stateWord(place)}`);
    state.setAttribute("aria-pressed", String(place === chosen));
  });
  reveal(edges.find((edge) => edge?.classList.contains("asked")) ?? states[chosen]);
  const names = [...new Set([...possible].map((row) => data.rows[row].id))];
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
  byId("possible").textContent = names.length
    ? `Possible: ${names.slice(0, MOST_NAMED).join(", ")}${more}.`
    : "Nothing is possible here.";
}

/** Where the picture is larger than its place, show the part that matters. */
function reveal(element) {
  const isCut = canvas.scrollWidth > canvas.clientWidth || canvas.scrollHeight > canvas.clientHeight;
  if (!isCut || !element?.getClientRects().length) return;
  const [here, frame] = [element.getBoundingClientRect(), canvas.getBoundingClientRect()];
  canvas.scrollLeft += here.x + here.width / 2 - frame.x - frame.width / 2;
  canvas.scrollTop += here.y + here.height / 2 - frame.y - frame.height / 2;
}

/** What the lines mean. */
function makeLegend() {
  const samples = data.lines.map(({ words, stroke, colour }) => {
    const sample = make("i", { "aria-hidden": "true" });
    sample.style.setProperty("border-top", `3px ${stroke} ${colour}`);
    return make("li", {}, sample, words);
  });
  byId("legend").append(make("span", { class: "faint" }, "Who acts"), make("ul", {}, ...samples));
}
