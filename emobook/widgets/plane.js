// PlaneExplorer: pictures on the plane of valence and arousal, where people and a model put them.

const WAYS = {
  rated: { title: "what people say", color: "#0173b2" },
  said: { title: "what the model says", color: "#b34700" },
};
const LEFT = 36; // of the plane in its drawing; it is SIDE wide and high
const TOP = 8;
const SIDE = 280;

// ---- the plane: valence to the right, arousal upwards ----

function placed([valence, arousal], [low, high]) {
  const share = (value) => Math.max(0, Math.min(1, (value - low) / (high - low)));
  return [LEFT + SIDE * share(valence), TOP + SIDE * (1 - share(arousal))];
}

const words = (text, x, y, anchor) => node("text", { x, y, "text-anchor": anchor }, text);
const dot = ([x, y], r) =>
  `M ${x - r} ${y} a ${r} ${r} 0 1 0 ${2 * r} 0 a ${r} ${r} 0 1 0 ${-2 * r} 0 Z`;
const diamond = ([x, y], r) => `M ${x} ${y - r} l ${r} ${r} l ${-r} ${r} l ${-r} ${-r} Z`;
const MARKS = { rated: dot, said: diamond };

function mark(way, place, r, look = {}) {
  return node("path", { "data-mark": way, d: MARKS[way](place, r), fill: WAYS[way].color, ...look });
}

function axes([low, high]) {
  const ticks = [low, (low + high) / 2, high];
  const short = (value) => minus(String(Number(value.toFixed(2))));
  const grid = ticks.flatMap((at) => {
    const [x, y] = placed([at, at], [low, high]);
    return [`M ${x} ${TOP} v ${SIDE}`, `M ${LEFT} ${y} h ${SIDE}`];
  });
  return [
    node("path", { class: "emobook-grid", d: grid.join(" ") }),
    ...ticks.flatMap((at) => {
      const [x, y] = placed([at, at], [low, high]);
      return [words(short(at), x, TOP + SIDE + 16, "middle"), words(short(at), LEFT - 6, y + 4, "end")];
    }),
    words("valence", LEFT + SIDE / 2, TOP + SIDE + 32, "middle"),
    node("text", { transform: `translate(12 ${TOP + SIDE / 2}) rotate(-90)`,
      "text-anchor": "middle" }, "arousal"),
  ];
}

function drawing({ pictures, picture, way, scale }) {
  const others = pictures.map((one) => mark(way, placed(one[way], scale), 3, { "fill-opacity": 0.45 }));
  const [from, to] = [placed(picture.rated, scale), placed(picture.said, scale)];
  const edge = { stroke: "#fff", "stroke-width": 1.5 };
  return [...axes(scale), ...others,
    node("path", { class: "emobook-chance", d: `M ${from.join(" ")} L ${to.join(" ")}` }),
    mark("rated", from, 7, { ...edge, "data-chosen": "" }),
    mark("said", to, 8, { ...edge, "data-chosen": "" })];
}

function legend(way) {
  return Object.entries(WAYS).map(([name, { title }]) =>
    node("li", {}, node("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" },
      mark(name, [14, 7], 6)), name === way ? `${title}; small: of all pictures` : title));
}

// ---- words ----

const told = (value) => minus(value.toFixed(2));
const both = ([valence, arousal]) => `valence ${told(valence)}, arousal ${told(arousal)}`;

function sentence({ pictures, place, picture }) {
  return `Picture ${place + 1} of ${pictures.length}: ${picture.name}. People say ` +
    `${both(picture.rated)}; the model says ${both(picture.said)}.`;
}

function alternative({ pictures, picture, way }) {
  return `${pictures.length} pictures on the plane of valence and arousal, by ` +
    `${WAYS[way].title}; marked is ${picture.name}, whose values are in the table`;
}

// ---- the figure ----

function chosen(model) {
  const pictures = model.get("pictures");
  const place = Math.min(model.get("picture"), pictures.length - 1);
  return { pictures, place, picture: pictures[place], way: model.get("shown"), scale: model.get("scale") };
}

function nearest({ pictures, way, scale }, x, y) {
  const far = pictures.map((one) => {
    const [px, py] = placed(one[way], scale);
    return Math.hypot(px - x, py - y);
  });
  return far.indexOf(Math.min(...far));
}

function render({ model, el }) {
  const redraw = () => draw();
  const pictures = model.get("pictures");
  const go = (place) => {
    if (place === model.get("picture")) return;
    model.set("picture", place);
    model.save_changes();
    draw();
  };
  const which = slider(model, "picture", "picture, from unpleasant to pleasant",
    { min: 0, max: pictures.length - 1, step: 1 }, redraw, (place) => `${place + 1} of ${pictures.length}`);
  const stepping = which.element.querySelector("input");
  const controls = node("div", { class: "emobook-controls" }, which.element,
    choice(model, "shown", "each point stands at", Object.keys(WAYS), redraw, (way) => WAYS[way].title));
  const plane = node("svg", { viewBox: `0 0 ${LEFT + SIDE + 10} ${TOP + SIDE + 38}`, role: "img" });
  // Where the pointer is, seen from the drawing: the point that is nearest is chosen.
  const point = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plane.getScreenCTM().inverse());
    go(nearest(chosen(model), at.x, at.y));
  };
  plane.addEventListener("pointermove", point);
  plane.addEventListener("pointerdown", point);
  const key = node("ul", { class: "emobook-legend" });
  const photo = node("img", { style: "display:block;max-width:100%;height:144px;object-fit:contain" });
  const said = node("p", { "aria-live": "polite" });
  const values = table("Both values of this picture", ["whose", "valence", "arousal"]);

  function draw() {
    const now = chosen(model);
    const { picture } = now;
    which.update();
    stepping.value = now.place;
    stepping.setAttribute("aria-valuetext", `${now.place + 1}, ${picture.name}`);
    plane.setAttribute("aria-label", alternative(now));
    plane.replaceChildren(...drawing(now));
    key.replaceChildren(...legend(now.way));
    photo.src = picture.image;
    photo.alt = picture.name;
    said.textContent = sentence(now);
    const apart = picture.said.map((value, i) => value - picture.rated[i]);
    const rows = { rated: picture.rated, said: picture.said, apart };
    values.body.replaceChildren(...Object.entries(rows).map(([name, [valence, arousal]]) =>
      node("tr", { "data-values": name },
        node("th", { scope: "row" }, WAYS[name]?.title ?? "difference"),
        number(valence, 2), number(arousal, 2))));
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, node("div", { class: "emobook-columns emobook-tall" },
    node("div", {}, plane, key), node("div", {}, photo, said, values.element)));
  if (model.get("about")) el.append(node("p", {}, model.get("about")));
}

export default { render };
