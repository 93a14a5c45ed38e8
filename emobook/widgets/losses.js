// LossExplorer: what each loss of Rao et al. asks of one image, computed in the page.

function logSumExp(values) {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
}

// Cross-entropy of softmax(logits) with the target distribution.
function crossEntropy(logits, target) {
  const norm = logSumExp(logits);
  return target.reduce((sum, share, i) => sum - share * (logits[i] - norm), 0);
}

function losses(logits, hard, f, lam, p) {
  const classification = crossEntropy(logits, hard);
  const distribution = crossEntropy(logits, f);
  return {
    cross_entropy: classification,
    distribution,
    multi_task: (1 - lam) * classification + lam * distribution,
    temperature: crossEntropy(logits.map((value) => p * p * value), hard),
    weight: p * p * classification + Math.log(1 / p),
  };
}

const NAMES = {
  cross_entropy: "eq. 7, label only",
  distribution: "eq. 8, distribution only",
  multi_task: "eq. 6, both, weighted by λ",
  temperature: "eq. 10, logits scaled by p*²",
  weight: "eq. 11, image weighted by p*²",
};

function render({ model, el }) {
  const classes = model.get("classes");
  const ring = model.get("ring");
  const examples = model.get("examples");
  const redraw = () => draw();
  const lam = slider(model, "lam", "weight of the distribution, λ", { min: 0, max: 1, step: 0.05 }, redraw);
  const p = slider(model, "p", "share of the dominant emotion, p*", { min: 0.15, max: 1, step: 0.01 }, redraw);
  const controls = node("div", { class: "emobook-controls" },
    choice(model, "label", "label of the image", ring, redraw),
    choice(model, "example", "what the network says", Object.keys(examples), redraw),
    lam.element, p.element);
  const goal = table("Target t = (1 − λ) y + λ f, beside what the network predicts",
    ["emotion", "target t", "softmax", "target above, softmax below"]);
  const values = table("Loss of this image (natural logarithm)", ["loss", "value"]);
  const note = node("p");

  function draw() {
    lam.update();
    p.update();
    const label = model.get("label");
    const logits = examples[model.get("example")];
    const hard = classes.map((name) => Number(name === label));
    const f = wheelDistribution(classes, ring, label, model.get("p"), model.get("offset"));
    const target = f.map((share, i) => (1 - model.get("lam")) * hard[i] + model.get("lam") * share);
    const norm = logSumExp(logits);
    goal.body.replaceChildren(...ring.map((name) => {
      const i = classes.indexOf(name);
      const predicted = Math.exp(logits[i] - norm);
      return node("tr", { "data-emotion": name }, node("th", { scope: "row" }, name),
        number(target[i]), number(predicted),
        node("td", {}, bar(target[i], "#0173b2"), bar(predicted, "#de8f05")));
    }));
    const measured = losses(logits, hard, f, model.get("lam"), model.get("p"));
    values.body.replaceChildren(...Object.entries(NAMES).map(([key, name]) =>
      node("tr", { "data-loss": key }, node("th", { scope: "row" }, name), number(measured[key]))));
    const kept = target[classes.indexOf(label)].toFixed(2);
    note.textContent = `The multi-task loss asks for ${kept} on ${label}: (1 − λ) + λ p*.`;
  }

  draw();
  el.classList.add("emobook-widget");
  el.append(controls, goal.element, note, values.element);
}

export default { render };
