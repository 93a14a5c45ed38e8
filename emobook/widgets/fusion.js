// FusionExplorer: what α and β do to the distance of two images, computed here, beside the
// accuracies that were measured.

const MODELS = {
  convex: {
    title: "α, networks against each other",
    formula: "αX1 ⊕ (1−α)X2 ⊕ S",
    name: "alpha",
    weights: (alpha) => [alpha, 1 - alpha, 1],
  },
  caption: {
    title: "β, as the caption of Table 2",
    formula: "(1−β)X1 ⊕ (1−β)X2 ⊕ βS",
    name: "beta",
    weights: (beta) => [1 - beta, 1 - beta, beta],
  },
  text: {
    title: "β, as the text of section 2.2",
    formula: "X1 ⊕ X2 ⊕ βS",
    name: "beta",
    weights: (beta) => [1, 1, beta],
  },
};
const SYMBOLS = { alpha: "α", beta: "β" };
const BLOCKS = [
  ["X1", "first network", "#0173b2"],
  ["X2", "second network", "#de8f05"],
  ["S", "objects", "#029e73"],
];
const PAPER_GRID = [0, 0.25, 0.5, 0.75, 1]; // of the slider where nothing was measured

const short = (value) => String(Number(value.toFixed(3)));
const same = (a, b) => Math.abs(a - b) < 1e-9;

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
const line = (points) => points.map(([px, py], i) => `${i ? "L" : "M"} ${px.toFixed(2)} ${py.toFixed(2)}`).join(" ");
const dot = (px, py, r) => `M ${px - r} ${py} a ${r} ${r} 0 1 0 ${2 * r} 0 a ${r} ${r} 0 1 0 ${-2 * r} 0 Z`;
const diamond = (px, py, r) => `M ${px} ${py - r} l ${r} ${r} l ${-r} ${r} l ${-r} ${-r} Z`;
const path = (kind, d) => node("path", { class: `emobook-${kind}`, d });

function axes(top, symbol) {
  const label = (text, px, py, anchor) => node("text", { x: px, y: py, "text-anchor": anchor }, text);
  const heights = Array.from({ length: Math.round(top / 0.2) + 1 }, (_, i) => i / 5).filter((value) => value <= top);
  return [
    ...heights.flatMap((value) => [
      path("grid", line([[x(0), y(value, top)], [x(1), y(value, top)]])),
      label(value.toFixed(1), x(0) - 8, y(value, top) + 4, "end"),
    ]),
    ...PAPER_GRID.map((at) => label(short(at), x(at), 229, "middle")),
    label(symbol, x(0.5), 246, "middle"),
    label("accuracy", 2, 10, "start"),
  ];
}

function plot(set, points, printed, current, top, symbol) {
  const level = (value) => line([[x(0), y(value, top)], [x(1), y(value, top)]]);
  const place = (row, value) => [x(row[0]), y(value, top)];
  const known = points.filter(([, , low]) => low !== null);
  const band = [...known.map((row) => place(row, row[3])), ...known.reverse().map((row) => place(row, row[2]))];
  return [
    ...axes(top, symbol),
    path("majority", level(set.majority)),
    path("chance", level(set.chance)),
    ...(band.length ? [path("band", `${line(band)} Z`)] : []),
    path("measured", line(points.map((row) => place(row, row[1])))),
    ...points.map((row) => path("point", dot(...place(row, row[1]), 3))),
    ...printed.map((row) => path("printed", diamond(...place(row, row[1]), 6))),
    ...(current ? [path("here", dot(...place(current, current[1]), 7))] : []),
    ...(points.length ? [] : [node("text", { x: x(0.5), y: y(0.5 * top, top), "text-anchor": "middle" }, "not run")]),
  ];
}

function legend(entries) {
  return entries.map(([text, ...marks]) => node("li", {},
    node("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" }, ...marks), text));
}

// ---- the figure ----

function render({ model, el }) {
  const sets = model.get("sets");
  const redraw = () => draw();
  let now = null; // the model's entry in MODELS and the values at which the slider stops

  const input = node("input", { type: "range", name: "weight", min: 0, step: 1 });
  const value = node("span", { class: "emobook-value", "aria-hidden": "true" });
  input.addEventListener("input", () => {
    model.set(now.kind.name, now.grid[Number(input.value)]);
    model.save_changes();
    redraw();
  });
  for (const name in SYMBOLS) model.on(`change:${name}`, redraw);
  const called = node("span");
  const controls = node("div", { class: "emobook-controls" },
    choice(model, "dataset", "data set", sets.map((set) => set.name), redraw),
    choice(model, "model", "joined with", Object.keys(MODELS), redraw, (key) => MODELS[key].title),
    node("label", {}, node("span", {}, called, " ", value), input),
    tick(model, "unit_blocks", "blocks of equal size (else as printed)", redraw));

  const picture = node("svg", { viewBox: "0 0 340 250", role: "img" });
  const key = node("ul", { class: "emobook-legend" });
  const told = node("p", { "aria-live": "polite" });
  const blocks = table("", ["block", "weight", "spread", "share"]);
  const stack = node("div", { class: "emobook-stack", "aria-hidden": "true" });
  const remark = node("p");
  const measured = table("", ["", "accuracy", "95 %, low", "95 %, high", "printed"]);

  function draw() {
    const set = sets.find((given) => given.name === model.get("dataset"));
    const equal = Boolean(model.get("unit_blocks"));
    const kind = MODELS[model.get("model")];
    const curve = set.curves.find((given) => given.model === model.get("model") && given.unit_blocks === equal);
    const points = curve ? curve.points : [];
    const printed = set.printed[kind.name] || [];
    const symbol = SYMBOLS[kind.name];
    const grid = curve ? points.map(([at]) => at) : PAPER_GRID;
    const i = nearest(grid, model.get(kind.name));
    const at = grid[i];
    now = { kind, grid };

    input.max = grid.length - 1;
    input.value = i;
    input.setAttribute("aria-valuetext", `${symbol} = ${short(at)}`);
    called.textContent = kind.name === "alpha" ? "α, weight of the first network" : "β, prominence of the objects";
    value.textContent = short(at);

    const weights = kind.weights(at);
    const spreads = equal ? [1, 1, 1] : set.spreads;
    const parts = shares(weights, spreads);
    blocks.element.caption.textContent = `What each block of ${kind.formula} adds to the squared distance`;
    blocks.body.replaceChildren(...BLOCKS.map(([name, explained, color], k) =>
      node("tr", { "data-block": name },
        node("th", { scope: "row" }, node("span", { class: "emobook-swatch", style: `background:${color}` }),
          name, node("small", {}, explained)),
        number(weights[k], 2), number(spreads[k], 2), number(parts[k], 4))));
    stack.replaceChildren(...BLOCKS.map(([name, , color], k) =>
      node("div", { style: `width:${100 * parts[k]}%;background:${color}` }, parts[k] > 0.1 ? name : "")));
    remark.textContent = `Share: (weight · spread)² over the sum. ` +
      (equal ? "Each block was divided by its spread, so that all are equally large."
        : "Spread: root of the mean squared distance of the images from their mean.");

    const all = set.curves.flatMap((given) => given.points.map((row) => Math.max(row[1], row[3] ?? 0)));
    const print = Object.values(set.printed).flatMap((rows) => rows.map((row) => row[1]));
    const top = Math.ceil(10 * Math.max(...all, ...print, set.majority, set.chance)) / 10;
    const current = points[i];
    const beside = printed.find((row) => same(row[0], at));
    const numbers = current
      ? `accuracy ${current[1].toFixed(3)}, ${current[2] === null ? "interval not known"
        : `95 % interval ${current[2].toFixed(3)} to ${current[3].toFixed(3)}`}`
      : "not run";
    told.textContent = `${set.name}, ${symbol} = ${short(at)}: ${numbers}` +
      `${beside ? `; printed in the paper ${beside[1].toFixed(3)}` : ""}. ` +
      `S makes ${(100 * parts[2]).toFixed(2)} % of the squared distance.`;
    picture.replaceChildren(...plot(set, points, printed, current, top, symbol));
    picture.setAttribute("aria-label", `Accuracy on ${set.name} against ${symbol}, ` +
      (points.length ? `measured from ${short(grid[0])} to ${short(grid.at(-1))}: ` +
        `lowest ${Math.min(...points.map((row) => row[1])).toFixed(3)}, ` +
        `highest ${Math.max(...points.map((row) => row[1])).toFixed(3)}` : "not run") +
      `; majority ${set.majority.toFixed(3)}, chance ${set.chance.toFixed(3)}; all numbers in the table below`);
    key.replaceChildren(...legend([
      ["measured, with 95 % interval", path("band", "M 0 1 h 28 v 12 h -28 Z"), path("measured", "M 0 7 h 28"), path("point", dot(14, 7, 3))],
      ["here", path("here", dot(14, 7, 6))],
      ...(printed.length ? [["printed in the paper, on its own images", path("printed", diamond(14, 7, 6))]] : []),
      [`majority ${set.majority.toFixed(3)}`, path("majority", "M 0 7 h 28")],
      [`chance ${set.chance.toFixed(3)}`, path("chance", "M 0 7 h 28")],
    ]));

    measured.element.caption.textContent = `Accuracy on ${set.name}, ${kind.formula}, ${equal ? "blocks of equal size" : "blocks as printed"}`;
    measured.element.tHead.rows[0].cells[0].textContent = symbol;
    const rows = [...grid, ...printed.map(([where]) => where).filter((where) => !grid.some((other) => same(other, where)))];
    measured.body.replaceChildren(...rows.sort((a, b) => a - b).map((where) => {
      const found = points.find((row) => row[0] === where);
      const paper = printed.find((row) => same(row[0], where));
      const cell = (given) => (given === undefined || given === null ? node("td") : number(given));
      return node("tr", { "data-at": where }, node("th", { scope: "row" }, short(where)),
        found ? number(found[1]) : node("td", {}, "not run"),
        cell(found?.[2]), cell(found?.[3]), cell(paper?.[1]));
    }));
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, node("div", { class: "emobook-columns emobook-tall" },
    node("div", {}, picture, key),
    node("div", {}, told, blocks.element, stack, remark)),
  ...(model.get("about") ? [node("p", {}, model.get("about"))] : []),
  node("details", {}, node("summary", {}, "All numbers of the plot"), measured.element));
}

export default { render };
