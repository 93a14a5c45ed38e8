// RecolorExplorer: a picture's colours changed in the page, and what two colour features make of
// it. Pixels are bytes, red green blue, row by row.

// Hue plus `turn` degrees; saturation and value of HSV times a factor, at most 1. Red, green, blue
// and alpha of each pixel, as a canvas wants them; the array rounds to the nearest byte.
function recolor(pixels, turn, saturation, brightness) {
  const made = new Uint8ClampedArray((pixels.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    const [r, g, b] = pixels.subarray(from, from + 3);
    const top = Math.max(r, g, b);
    const span = top - Math.min(r, g, b);
    let hue = turn / 60; // in sixths of the circle
    if (span) hue += top === r ? (g - b) / span : top === g ? 2 + (b - r) / span : 4 + (r - g) / span;
    const value = Math.min(255, top * brightness);
    const chroma = span ? value * Math.min(1, (span / top) * saturation) : 0;
    [5, 3, 1].forEach((sixth, channel) => {
      const k = (sixth + hue + 12) % 6;
      made[to + channel] = value - chroma * Math.max(0, Math.min(k, 4 - k, 1));
    });
  }
  return made;
}

// Mean luminance and saturation of the space IHLS, in [0, 1].
function brightnessAndSaturation(rgba) {
  let luminance = 0;
  let saturation = 0;
  for (let i = 0; i < rgba.length; i += 4) {
    const [r, g, b] = rgba.subarray(i, i + 3);
    luminance += 0.2126 * r + 0.7152 * g + 0.0722 * b;
    saturation += Math.max(r, g, b) - Math.min(r, g, b);
  }
  const whole = (255 * rgba.length) / 4;
  return [luminance / whole, saturation / whole];
}

// CIELAB (D65, 2°) of an sRGB colour from 0 to 255.
function lab(rgb) {
  const [r, g, b] = rgb.map((level) =>
    level > 0.04045 * 255 ? ((level / 255 + 0.055) / 1.055) ** 2.4 : level / 255 / 12.92);
  const [x, y, z] = [
    (0.412453 * r + 0.357580 * g + 0.180423 * b) / 0.95047,
    0.212671 * r + 0.715160 * g + 0.072169 * b,
    (0.019334 * r + 0.119193 * g + 0.950227 * b) / 1.08883,
  ].map((part) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

// Probabilities of the names for 32 × 32 × 32 colours, red fastest: the nearer a prototype, the
// likelier, as exp(-d² / (2 width²)) of the CIELAB distance d.
function nameTable(names, width) {
  const centres = names.map(([, ...rgb]) => lab(rgb));
  const table = new Float64Array(32 ** 3 * names.length);
  for (let code = 0; code < 32 ** 3; code++) {
    const cell = lab([code & 31, (code >> 5) & 31, code >> 10].map((level) => 8 * level + 3.5));
    const squares = centres.map((c) =>
      (c[0] - cell[0]) ** 2 + (c[1] - cell[1]) ** 2 + (c[2] - cell[2]) ** 2);
    const least = Math.min(...squares);
    const near = squares.map((square) => Math.exp((least - square) / (2 * width * width)));
    const total = near.reduce((sum, value) => sum + value, 0);
    near.forEach((value, i) => { table[code * names.length + i] = value / total; });
  }
  return table;
}

// Mean probability of each name over the pixels.
function nameShares(rgba, table, count) {
  const shares = new Array(count).fill(0);
  for (let i = 0; i < rgba.length; i += 4) {
    const row = count * ((rgba[i] >> 3) + 32 * (rgba[i + 1] >> 3) + 1024 * (rgba[i + 2] >> 3));
    for (let name = 0; name < count; name++) shares[name] += table[row + name];
  }
  return shares.map((sum) => sum / (rgba.length / 4));
}

// A bar from 0 to `now`, and a line where the picture began; the numbers stand beside it.
function moving(before, now, [low, high], color) {
  const at = (value) => ((value - low) / (high - low)) * 100;
  const [start, end] = [at(Math.min(0, now)), at(Math.max(0, now))];
  return node("div", { class: "emobook-bar emobook-moving", "aria-hidden": "true" },
    node("div", { style: `left:${start}%;width:${end - start}%;background:${color}` }),
    node("div", { class: "emobook-zero", style: `left:${at(0)}%` }),
    node("div", { class: "emobook-before", style: `left:${at(before)}%` }));
}

function written(b, s) {
  return minus(`${b.toFixed(2)} B + ${s.toFixed(2)} S`);
}

const MEANS = [["brightness B", "luminance"], ["saturation S", "highest − lowest"]];
const LIMITS = [-1.1, 1.1]; // of the bars: with all signs plus, dominance reaches 1.08

const SIGNS = {
  valdez: "Valdez and Mehrabian (1994)",
  "as-printed": "as Kim et al. (2018) print them",
};

function render({ model, el }) {
  const names = model.get("names");
  const formulas = model.get("formulas");
  const [width, height] = model.get("size");
  const view = model.get("pixels");
  const pixels = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const likely = nameTable(names, model.get("width"));
  const measure = (rgba) => ({
    means: brightnessAndSaturation(rgba),
    shares: nameShares(rgba, likely, names.length),
  });
  const before = measure(recolor(pixels, 0, 1, 1));

  const redraw = () => draw();
  const factor = { min: 0, max: 2, step: 0.05 };
  const sliders = [
    slider(model, "hue", "turn of the hue, in degrees", { min: -180, max: 180, step: 5 }, redraw,
      (value) => minus(`${value}°`)),
    slider(model, "saturation", "saturation factor (HSV)", factor, redraw),
    slider(model, "brightness", "brightness factor (HSV value)", factor, redraw),
  ];
  const controls = node("div", { class: "emobook-controls" },
    choice(model, "signs", "signs of the formulas", Object.keys(SIGNS), redraw, (key) => SIGNS[key]),
    ...sliders.map((made) => made.element));
  const picture = node("canvas", { width, height, role: "img" });
  const heads = ["before", "now", "bar"];
  const felt = table("Felt emotion (no unit) of brightness and saturation",
    ["mean or scale", ...heads]);
  const called = table("Share of each colour name, by prototypes in CIELAB", ["name", ...heads]);

  function row(kind, name, explained, values, range, color) {
    const small = explained ? [node("small", {}, explained)] : [];
    return node("tr", { [`data-${kind}`]: name }, node("th", { scope: "row" }, name, ...small),
      number(values[0]), number(values[1]), node("td", {}, moving(...values, range, color)));
  }

  function draw() {
    sliders.forEach((made) => made.update());
    const set = ["hue", "saturation", "brightness"].map((name) => Number(model.get(name)));
    const rgba = recolor(pixels, ...set);
    picture.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
    const now = measure(rgba);
    const both = [before.means, now.means];
    const formula = formulas[model.get("signs")];
    felt.body.replaceChildren(
      ...MEANS.map(([name, explained], i) => row("mean", name, explained,
        both.map((means) => means[i]), LIMITS, "#767676")),
      ...formula.map(([name, b, s]) => row("scale", name, written(b, s),
        both.map(([brightness, saturation]) => b * brightness + s * saturation), LIMITS, "#0173b2")));
    called.body.replaceChildren(...names.map(([name, ...rgb], i) => row("name", name, "",
      [before.shares[i], now.shares[i]], [0, 1], `rgb(${rgb})`)));
    const most = names.map(([name], i) => [name, now.shares[i]]).sort((a, b) => b[1] - a[1]);
    const told = most.slice(0, 3).map(([name, share]) => `${name} ${share.toFixed(2)}`).join(", ");
    picture.setAttribute("aria-label", `${model.get("alt")}, with the hue turned by ${minus(`${set[0]}`)} ` +
      `degrees, saturation times ${set[1].toFixed(2)}, brightness times ${set[2].toFixed(2)}; ` +
      `largest shares: ${told}`);
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, node("div", { class: "emobook-columns emobook-tall" },
    node("div", {}, picture, felt.element),
    node("div", {}, called.element, node("p", {}, "The line in a bar is where the picture began."))));
}

export default { render };
