// RegionExplorer: pictures with the regions that a detector found, and what classifiers say.

node.svg.add("image");

// As in Rao et al., Fig. 5: objects red, emotional regions green. The dashes tell them apart too.
const KINDS = {
  emotional: { title: "emotional regions", letter: "E", color: "#007a57", dash: "" },
  object: { title: "object regions", letter: "O", color: "#c03a00", dash: "7 4" },
};
const KNOWN = { title: "true regions", letter: "T", color: "#0173b2", dash: "2 3" };
const LONGEST = 320; // units of the drawing along the longer side of a picture

// ---- the picture and its boxes ----

function rectangle([x0, y0, x1, y1], scale) {
  const [left, top, right, bottom] = [x0, y0, x1, y1].map((end) => end * scale);
  return `M ${left} ${top} H ${right} V ${bottom} H ${left} Z`;
}

// A box with a light rim, so that it is seen on any picture, and its name in a corner.
function box(kind, ends, scale, name) {
  const d = rectangle(ends, scale);
  const look = { fill: "none", stroke: kind.color, "stroke-width": 2.5 };
  if (kind.dash) look["stroke-dasharray"] = kind.dash;
  const [x, y] = [ends[0] * scale + 4, ends[1] * scale + 14];
  const label = { x, y, stroke: "#fff", "stroke-width": 3, "paint-order": "stroke" };
  return node("g", { "data-box": name },
    node("path", { d, fill: "none", stroke: "#fff", "stroke-width": 5 }),
    node("path", { d, ...look }),
    node("text", { ...label, style: `fill:${kind.color};font-weight:bold` }, name));
}

function drawing(now) {
  const { picture, scale, regions } = now;
  const size = { width: picture.width * scale, height: picture.height * scale };
  const image = node("image", { href: picture.image, preserveAspectRatio: "none", ...size });
  const known = now.known ? picture.known.map((ends, i) => [KNOWN, ends, `T${i + 1}`]) : [];
  const found = regions.map(({ kind, numbers, name }) => [kind, numbers, name]);
  // The strongest comes last and so lies on top.
  return [image, ...[...known, ...found.reverse()].map(([kind, ends, name]) =>
    box(kind, ends, scale, name))];
}

function legend(now) {
  const kinds = [...now.kinds, ...(now.known ? [KNOWN] : [])];
  return kinds.map(({ title, letter, color, dash }) =>
    node("li", {}, node("svg", { viewBox: "0 0 28 14", "aria-hidden": "true" },
      node("path", { d: "M 1 7 h 26", stroke: color, "stroke-width": 3,
        ...(dash ? { "stroke-dasharray": dash } : {}) })), `${letter}: ${title}`));
}

// ---- words ----

const highest = (row) => row.indexOf(Math.max(...row));

function sentence(now) {
  const { picture, place, pictures, classes, configuration } = now;
  const said = now.scores[highest(now.scores)];
  const truth = picture.truth === null ? "" : ` Its label is ${classes[picture.truth]}.`;
  return `Picture ${place + 1} of ${pictures.length}: ${picture.name}.${truth} The classifier ` +
    `“${configuration}” says ${classes[highest(now.scores)]} (${said.toFixed(2)}).`;
}

function alternative(now) {
  const shown = now.kinds.map((kind) => {
    const some = now.regions.filter((region) => region.kind === kind);
    return `${some.length} ${kind.title}`;
  });
  if (now.known) shown.push(`${now.picture.known.length} ${KNOWN.title}`);
  return `${now.picture.name}, with boxes around ${shown.join(" and ")}; where they lie and ` +
    "their numbers are in the tables";
}

// ---- the figure ----

function chosen(model) {
  const pictures = model.get("pictures");
  const place = Math.min(model.get("picture"), pictures.length - 1);
  const picture = pictures[place];
  const kinds = Object.keys(KINDS).filter((kind) => ["both", kind].includes(model.get("shown")));
  const regions = kinds.flatMap((kind) =>
    picture[kind].slice(0, model.get("count")).map((numbers, i) =>
      ({ kind: KINDS[kind], numbers, name: `${KINDS[kind].letter}${i + 1}` })));
  const configuration = model.get("configuration");
  return {
    pictures, place, picture, regions, configuration,
    kinds: kinds.map((kind) => KINDS[kind]),
    classes: model.get("classes"),
    known: Boolean(model.get("known")) && picture.known !== null,
    scale: LONGEST / Math.max(picture.width, picture.height),
    scores: picture.scores[model.get("configurations").indexOf(configuration)],
  };
}

function render({ model, el }) {
  const redraw = () => draw();
  const pictures = model.get("pictures");
  const deepest = Math.max(1, ...pictures.flatMap(({ emotional, object }) =>
    [emotional.length, object.length]));
  const which = slider(model, "picture", "picture", { min: 0, max: pictures.length - 1, step: 1 },
    redraw, (place) => `${place + 1} of ${pictures.length}`);
  const count = slider(model, "count", "regions of each kind", { min: 1, max: deepest, step: 1 },
    redraw, String);
  const stepping = which.element.querySelector("input");
  const step = (text, by) => {
    const button = node("button", { type: "button", style: "min-height:28px" }, text);
    button.addEventListener("click", () => {
      const next = (model.get("picture") + by + pictures.length) % pictures.length;
      model.set("picture", next);
      model.save_changes();
      draw();
    });
    return button;
  };
  const controls = node("div", { class: "emobook-controls" },
    which.element,
    node("div", {}, step("previous picture", -1), " ", step("next picture", 1)),
    choice(model, "shown", "boxes", ["both", ...Object.keys(KINDS)], redraw,
      (kind) => (kind === "both" ? "emotional and object regions" : KINDS[kind].title)),
    count.element,
    choice(model, "configuration", "class scores of", model.get("configurations"), redraw));
  if (pictures.some((picture) => picture.known !== null)) {
    controls.append(tick(model, "known", "draw the true regions too", redraw));
  }
  const picture = node("svg", { role: "img" });
  const key = node("ul", { class: "emobook-legend" });
  const told = node("p", { "aria-live": "polite" });
  const numbers = table("Regions, best first; area as a share of the picture", ["region", "p_obj", "p_emo", "S_emo", "area"]);
  const verdicts = table("What each classifier says", ["it sees", "says", "probability"]);
  const shares = table("", ["class", "probability", "as a bar"]);

  function draw() {
    const now = chosen(model);
    const { classes, scale, regions } = now;
    const area = now.picture.width * now.picture.height;
    which.update();
    count.update();
    stepping.value = now.place; // the buttons move it as well
    stepping.setAttribute("aria-valuetext", `${now.place + 1}, ${now.picture.name}`);
    told.textContent = sentence(now);
    const [wide, high] = [now.picture.width, now.picture.height].map((side) => side * scale);
    picture.setAttribute("viewBox", `0 0 ${wide} ${high}`);
    picture.setAttribute("aria-label", alternative(now));
    picture.replaceChildren(...drawing(now));
    key.replaceChildren(...legend(now));
    numbers.body.replaceChildren(...regions.map(({ kind, numbers: row, name }) => {
      const [x0, y0, x1, y1, pObj, pEmo, sEmo] = row;
      return node("tr", { "data-region": name, "data-ends": [x0, y0, x1, y1].join(" ") },
        node("th", { scope: "row" },
          node("span", { class: "emobook-swatch", style: `background:${kind.color}` }), name),
        number(pObj), number(pEmo), number(sEmo), number(((x1 - x0) * (y1 - y0)) / area, 2));
    }));
    verdicts.body.replaceChildren(...model.get("configurations").map((name, i) => {
      const row = now.picture.scores[i];
      const right = now.picture.truth === highest(row);
      return node("tr", { "data-configuration": name }, node("th", { scope: "row" }, name),
        node("td", {}, classes[highest(row)], now.picture.truth === null ? ""
          : node("small", {}, right ? "right" : "wrong")), number(row[highest(row)]));
    }));
    shares.element.caption.textContent = `Class scores, ${now.configuration}`;
    shares.body.replaceChildren(...classes.map((name, i) =>
      node("tr", { "data-class": name },
        node("th", { scope: "row" }, i === now.picture.truth ? `${name} (label)` : name),
        number(now.scores[i]), node("td", {}, bar(now.scores[i], "#0173b2")))));
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, told, node("div", { class: "emobook-columns emobook-tall" },
    node("div", {}, picture, key), node("div", {}, numbers.element)),
  node("div", { class: "emobook-columns emobook-tall" },
    node("div", {}, shares.element), node("div", {}, verdicts.element)));
  if (model.get("about")) el.append(node("p", {}, model.get("about")));
}

export default { render };
