// What the interactive figures share. Native inputs inside their labels: a keyboard and a
// screen reader can use them, and no library is needed in the page.

function node(tag, attributes = {}, ...children) {
  const space = tag === "svg" || node.svg.has(tag) ? "http://www.w3.org/2000/svg" : null;
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
node.svg = new Set(["path", "text", "g"]);

// Bind `input` to the model's trait `name`, both ways, and redraw after either changes.
function bind(model, name, input, read, redraw) {
  const write = () => {
    if (input.type === "checkbox") input.checked = Boolean(model.get(name));
    else input.value = String(model.get(name));
  };
  write();
  input.addEventListener("input", () => {
    model.set(name, read(input));
    model.save_changes();
    redraw();
  });
  model.on(`change:${name}`, () => { write(); redraw(); });
  return input;
}

function slider(model, name, text, range, redraw, show = (value) => value.toFixed(2)) {
  const input = node("input", { type: "range", name, ...range });
  // Only for the eye: the slider itself tells its value to a screen reader.
  const value = node("span", { class: "emobook-value", "aria-hidden": "true" });
  bind(model, name, input, (from) => Number(from.value), redraw);
  return {
    element: node("label", {}, node("span", {}, text, " ", value), input),
    update: () => { value.textContent = show(Number(model.get(name))); },
  };
}

function choice(model, name, text, options, redraw, told = (option) => option) {
  const input = node("select", { name });
  for (const option of options) input.append(node("option", { value: option }, told(option)));
  bind(model, name, input, (from) => from.value, redraw);
  return node("label", {}, node("span", {}, text), input);
}

function tick(model, name, text, redraw) {
  const input = node("input", { type: "checkbox", name });
  bind(model, name, input, (from) => Number(from.checked), redraw);
  return node("label", { class: "emobook-tick" }, input, node("span", {}, text));
}

const minus = (text) => text.replace("-", "−"); // the sign, which a hyphen is not

// A table cell that shows `value` and keeps all its digits for whoever wants to compute with it.
function number(value, digits = 3) {
  return node("td", { class: "emobook-number", "data-value": value }, minus(value.toFixed(digits)));
}

// A bar of length `share` (0 to 1); the number stands beside it, so it is only for the eye.
function bar(share, color) {
  const width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  const fill = node("div", { style: `width:${width};background:${color}` });
  return node("div", { class: "emobook-bar", "aria-hidden": "true" }, fill);
}

function table(caption, heads) {
  const body = node("tbody");
  const row = node("tr", {}, ...heads.map((head) => node("th", { scope: "col" }, head)));
  const made = node("table", {}, node("caption", {}, caption), node("thead", {}, row), body);
  return { element: made, body };
}

// Steps along the ring between two emotions, 0 to 4.
function wheelSteps(ring, a, b) {
  const apart = Math.abs(ring.indexOf(a) - ring.indexOf(b));
  return Math.min(apart, ring.length - apart);
}

// Rao et al., eq. 4: the label keeps p, the others share 1 - p by 1 / (steps + offset).
function wheelDistribution(classes, ring, label, p, offset) {
  const weights = classes.map((name) =>
    name === label ? 0 : 1 / (wheelSteps(ring, name, label) + offset));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return classes.map((name, i) => (name === label ? p : ((1 - p) * weights[i]) / total));
}
