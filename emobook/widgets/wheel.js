// WheelExplorer: Rao et al., eq. 4, computed here so that it also moves in the published page.

// The sector of a ring between two angles (radians, clockwise from the top), `radius` outwards.
function sector(from, to, radius) {
  const at = (angle, r) => `${(r * Math.sin(angle)).toFixed(2)} ${(-r * Math.cos(angle)).toFixed(2)}`;
  return `M ${at(from, 22)} L ${at(from, radius)} A ${radius} ${radius} 0 0 1 ${at(to, radius)} ` +
    `L ${at(to, 22)} A 22 22 0 0 0 ${at(from, 22)} Z`;
}

function render({ model, el }) {
  const classes = model.get("classes");
  const ring = model.get("ring");
  const colors = model.get("colors");
  const redraw = () => draw();
  const p = slider(model, "p", "share of the dominant emotion, p*",
    { min: 0.15, max: 1, step: 0.01 }, redraw);
  const controls = node("div", { class: "emobook-controls" },
    choice(model, "label", "dominant emotion", ring, redraw), p.element,
    tick(model, "offset", "add 1 to the steps (offset = 1)", redraw));
  const picture = node("svg", { viewBox: "-150 -125 300 250", role: "img" });
  const shares = table("What each emotion receives under eq. 4", ["emotion", "steps", "share", "bar"]);

  function draw() {
    p.update();
    const label = model.get("label");
    const f = wheelDistribution(classes, ring, label, model.get("p"), model.get("offset"));
    const byName = Object.fromEntries(classes.map((name, i) => [name, f[i]]));
    picture.replaceChildren();
    shares.body.replaceChildren();
    ring.forEach((name, i) => {
      const middle = (i * 2 * Math.PI) / ring.length;
      const half = Math.PI / ring.length;
      const outline = node("path", { d: sector(middle - half, middle + half, 92), class: "empty" });
      const filled = node("path", {
        d: sector(middle - half, middle + half, 22 + 70 * byName[name]), fill: colors[name],
      });
      const sine = Math.sin(middle);
      const anchor = Math.abs(sine) < 0.1 ? "middle" : sine > 0 ? "start" : "end";
      picture.append(outline, filled, node("text", {
        x: 98 * sine, y: -104 * Math.cos(middle) + 4, "text-anchor": anchor,
        "font-weight": name === label ? "bold" : "normal",
      }, name));
      shares.body.append(node("tr", { "data-emotion": name },
        node("th", { scope: "row" }, name), node("td", {}, String(wheelSteps(ring, name, label))),
        number(byName[name]), node("td", {}, bar(byName[name], colors[name]))));
    });
    const told = ring.map((name) => `${name} ${byName[name].toFixed(3)}`).join(", ");
    picture.setAttribute("aria-label", `Mikels' wheel, filled by each emotion's share: ${told}`);
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, node("div", { class: "emobook-columns" }, picture, shares.element));
}

export default { render };
