// FusionExplorer: what α and β do to the distance of two images, computed here, beside the
// accuracies that were measured.

const ALPHA = { name: "alpha", symbol: "α", meaning: "α, weight of the first network" };
const BETA = { name: "beta", symbol: "β", meaning: "β, prominence of the objects" };
const MODELS = {
  convex: {
    ...ALPHA,
    title: "α, networks against each other",
    formula: "αX1 ⊕ (1−α)X2 ⊕ S",
    weights: (alpha) => [alpha, 1 - alpha, 1],
  },
  caption: {
    ...BETA,
    title: "β, as the caption of Table 2",
    formula: "(1−β)X1 ⊕ (1−β)X2 ⊕ βS",
    weights: (beta) => [1 - beta, 1 - beta, beta],
  },
  text: {
    ...BETA,
    title: "β, as the text of section 2.2",
    formula: "X1 ⊕ X2 ⊕ βS",
    weights: (beta) => [1, 1, beta],
  },
};
const BLOCKS = [
  ["X1", "first network", "#0173b2"],
  ["X2", "second network", "#de8f05"],
  ["S", "objects", "#029e73"],
];
const PAPER_GRID = [0, 0.25, 0.5, 0.75, 1]; // of the slider where nothing was measured

// Without closing zeros: α and β as they are, and printed numbers with the digits of the print.
const short = (value, digits = 3) => String(Number(value.toFixed(digits)));

// Of the mean squared distance of two images, what comes from each block.
function shares(weights, spreads) {
  const squares = weights.map((weight, k) => (weight * spreads[k]) ** 2);
  const total = squares.reduce((sum, square) => sum + square, 0);
  return squares.map((square) => square / total);
}

function nearest(grid, value) {
  const gaps = grid.map((at) => Math.abs(at - value));
  return gaps.indexOf(Math.min(...gaps));
}

// ---- the plot: 340 × 250, accuracy upwards from 0 to `top` ----

const x = (at) => 40 + 286 * at;
const y = (accuracy, top) => 212 - (200 * accuracy) / top;
const path = (kind, d) => node("path", { class: `emobook-${kind}`, d });
const dot = (px, py, r) =>
  `M ${px - r} ${py} a ${r} ${r} 0 1 0 ${2 * r} 0 a ${r} ${r} 0 1 0 ${-2 * r} 0 Z`;
const diamond = (px, py, r) => `M ${px} ${py - r} l ${r} ${r} l ${-r} ${r} l ${-r} ${-r} Z`;

function line(places) {
  return places.map(([px, py], i) => `${i ? "L" : "M"} ${px} ${py}`).join(" ");
}

function words(text, px, py, anchor) {
  return node("text", { x: px, y: py, "text-anchor": anchor }, text);
}

function axes(top, symbol) {
  const heights = [0, 0.2, 0.4, 0.6, 0.8, 1].filter((height) => height <= top);
  return [
    ...heights.flatMap((height) => [
      path("grid", line([[x(0), y(height, top)], [x(1), y(height, top)]])),
      words(height.toFixed(1), x(0) - 8, y(height, top) + 4, "end"),
    ]),
    ...PAPER_GRID.map((at) => words(short(at), x(at), 229, "middle")),
    words(symbol, x(0.5), 246, "middle"),
    words("accuracy", 2, 10, "start"),
  ];
}

// Points are [α or β, accuracy, low, high], printed ones [α or β, accuracy].
function plot({ set, points, printed, current, symbol }) {
  // One scale for all curves of a data set, so that they can be compared.
  const curves = [...set.curves.map((curve) => curve.points), ...Object.values(set.printed)].flat();
  const highest = Math.max(set.majority, set.chance, ...curves.flatMap(([, ...rest]) => rest));
  const top = Math.ceil(10 * highest) / 10;
  const place = ([at], accuracy) => [x(at), y(accuracy, top)];
  const level = (accuracy) => line([place([0], accuracy), place([1], accuracy)]);
  const known = points.filter(([, , low]) => low !== null);
  const band = [...known.map((row) => place(row, row[3])),
    ...known.map((row) => place(row, row[2])).reverse()];
  const measured = points.map((row) => place(row, row[1]));
  return [
    ...axes(top, symbol),
    path("majority", level(set.majority)),
    path("chance", level(set.chance)),
    path("band", line(band)),
    path("measured", line(measured)),
    ...measured.map((at) => path("point", dot(...at, 3))),
    ...printed.map((row) => path("printed", diamond(...place(row, row[1]), 6))),
    ...(current ? [path("here", dot(...place(current, current[1]), 7))]
      : [words("not run", x(0.5), y(top / 2, top), "middle")]),
  ];
}

function legend({ set, printed }) {
  const entries = [
    ["measured, with its 95\u00a0% interval", path("band", "M 0 1 h 28 v 12 h -28 Z"),
      path("measured", "M 0 7 h 28"), path("point", dot(14, 7, 3))],
    ["where the slider stands", path("here", dot(14, 7, 6))],
    ...(printed.length
      ? [["printed in the paper, on its own images", path("printed", diamond(14, 7, 6))]] : []),
    [`majority ${set.majority.toFixed(3)}`, path("majority", "M 0 7 h 28")],
    [`chance ${set.chance.toFixed(3)}`, path("chance", "M 0 7 h 28")],
  ];
  return entries.map(([text, ...marks]) =>
    node("li", {}, node("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" }, ...marks), text));
}

// ---- the same in words and numbers ----

function alternative({ set, points, symbol }) {
  const accuracies = points.map((row) => row[1]);
  const range = points.length
    ? `${points.length} points, lowest ${Math.min(...accuracies).toFixed(3)}, ` +
      `highest ${Math.max(...accuracies).toFixed(3)}`
    : "not run";
  return `Accuracy on ${set.name} against ${symbol}: ${range}; majority ` +
    `${set.majority.toFixed(3)}, chance ${set.chance.toFixed(3)}; all numbers are in the table below`;
}

function sentence({ set, symbol, at, current, printed }, share) {
  const print = printed.find((row) => row[0] === at);
  const parts = [`${set.name}, ${symbol}\u00a0=\u00a0${short(at)}: `];
  if (current) {
    const [, accuracy, low, high] = current;
    parts.push(`accuracy ${accuracy.toFixed(3)}, `, low === null ? "interval not known"
      : `95\u00a0% interval ${low.toFixed(3)} to ${high.toFixed(3)}`);
  } else parts.push("not run");
  if (print) parts.push(`; printed in the paper ${short(print[1], 4)}`);
  const percent = share > 0 && share < 0.0001 ? "less than 0.01" : (100 * share).toFixed(2);
  return `${parts.join("")}. S makes ${percent}\u00a0% of the squared distance.`;
}

function numberRows({ points, printed }) {
  const places = [...new Set([...points, ...printed].map(([at]) => at))].sort((a, b) => a - b);
  const bound = (value) => (value === undefined || value === null ? node("td") : number(value));
  return places.map((at) => {
    const [, accuracy, low, high] = points.find((row) => row[0] === at) || [];
    const [, print] = printed.find((row) => row[0] === at) || [];
    return node("tr", { "data-at": at }, node("th", { scope: "row" }, short(at)),
      accuracy === undefined ? node("td", {}, "not run") : number(accuracy),
      bound(low), bound(high), node("td", {}, print === undefined ? "" : short(print, 4)));
  });
}

// ---- the figure ----

// What the settings choose; `at` is the point of the grid that is nearest to α or β.
function chosen(model) {
  const set = model.get("sets").find((given) => given.name === model.get("dataset"));
  const kind = MODELS[model.get("model")];
  const equal = Boolean(model.get("unit_blocks"));
  const curve = set.curves.find((given) =>
    given.model === model.get("model") && given.unit_blocks === equal);
  const points = curve ? curve.points : [];
  const grid = curve ? points.map(([at]) => at) : PAPER_GRID;
  const position = nearest(grid, model.get(kind.name));
  return {
    set, kind, equal, points, grid, position, at: grid[position], current: points[position],
    printed: set.printed[kind.name] || [], symbol: kind.symbol,
  };
}

function render({ model, el }) {
  const redraw = () => draw();
  // It counts the points of the grid: between them nothing was measured.
  const input = node("input", { type: "range", name: "weight", min: 0, step: 1 });
  input.addEventListener("input", () => {
    const { kind, grid } = chosen(model);
    model.set(kind.name, grid[Number(input.value)]);
    model.save_changes();
  });
  for (const { name } of [ALPHA, BETA]) model.on(`change:${name}`, redraw);
  const meaning = node("span");
  const value = node("span", { class: "emobook-value", "aria-hidden": "true" });
  const names = model.get("sets").map((set) => set.name);
  const controls = node("div", { class: "emobook-controls" },
    choice(model, "dataset", "data set", names, redraw),
    choice(model, "model", "weights", Object.keys(MODELS), redraw, (key) => MODELS[key].title),
    node("label", {}, node("span", {}, meaning, " ", value), input),
    tick(model, "unit_blocks", "blocks of equal size (else as printed)", redraw));
  const picture = node("svg", { viewBox: "0 0 340 250", role: "img" });
  const key = node("ul", { class: "emobook-legend" });
  const told = node("p", { "aria-live": "polite" });
  const blocks = table("", ["block", "weight", "spread", "share"]);
  const stack = node("div", { class: "emobook-stack", "aria-hidden": "true" });
  const remark = node("p");
  const measured = table("", ["", "accuracy", "95\u00a0%, low", "95\u00a0%, high", "printed"]);

  function draw() {
    const now = chosen(model);
    const { set, kind, equal, at, symbol } = now;
    input.max = now.grid.length - 1;
    input.value = now.position;
    input.setAttribute("aria-valuetext", `${symbol} = ${short(at)}`);
    meaning.textContent = kind.meaning;
    value.textContent = short(at);

    const weights = kind.weights(at);
    const spreads = equal ? [1, 1, 1] : set.spreads;
    const parts = shares(weights, spreads);
    blocks.element.caption.textContent = `${kind.formula}: squared distance of two images, by blocks`;
    blocks.body.replaceChildren(...BLOCKS.map(([name, explained, color], k) =>
      node("tr", { "data-block": name }, node("th", { scope: "row" },
        node("span", { class: "emobook-swatch", style: `background:${color}` }), name,
        node("small", {}, explained)),
      number(weights[k]), number(spreads[k], 2), number(parts[k], 4))));
    stack.replaceChildren(...BLOCKS.map(([name, , color], k) =>
      node("div", { style: `width:${100 * parts[k]}%;background:${color}` },
        parts[k] > 0.1 ? name : "")));
    remark.textContent = "Share: (weight · spread)² over the sum. " + (equal
      ? "Each block was divided by its spread, so that all are equally large."
      : "Spread: root of the mean squared distance of the images from their mean.");

    told.textContent = sentence(now, parts[2]);
    picture.replaceChildren(...plot(now));
    picture.setAttribute("aria-label", alternative(now));
    key.replaceChildren(...legend(now));
    measured.element.caption.textContent = `Accuracy on ${set.name}, ${kind.formula}, blocks ` +
      (equal ? "of equal size" : "as printed");
    measured.element.tHead.rows[0].cells[0].textContent = symbol;
    measured.body.replaceChildren(...numberRows(now));
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, node("div", { class: "emobook-columns emobook-tall" },
    node("div", {}, picture, key), node("div", {}, told, blocks.element, stack, remark)));
  if (model.get("about")) el.append(node("p", {}, model.get("about")));
  el.append(node("details", {}, node("summary", {}, "All numbers of the plot"), measured.element));
}

export default { render };
