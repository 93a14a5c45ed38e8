"""The interactive figure that moves the weights of a fusion and shows what they do."""

import math
from numbers import Real

import anywidget
import numpy as np
import traitlets

from emobook.widgets._sources import STYLE, script

MODELS = ("convex", "caption", "text")


class FusionExplorer(anywidget.AnyWidget):
    """Move α or β of Rapolu et al. (2023): see the weight of each block, and what was measured.

    The page computes, for the mean squared distance of two images in the joined vector, the share
    of each block: (weight · spread)² over the sum. Beside it are the accuracies handed over; the
    slider stops only where something was measured, and what was not reads "not run".

    curves: name of a data set → (model, unit_blocks) → α or β in [0, 1] → (accuracy, low, high),
        all three in [0, 1], such as an `evaluate.Interval`; NaN bounds where there are none.
        model: "convex" (α, see `models.fusion.convex`), "caption" or "text" (β, the two forms of
        `models.fusion.supplementary`). unit_blocks: False as printed, True where each block was
        divided by its spread.
    spreads: name → the spreads of X1, X2 and S (see `models.fusion.spread`), above 0.
    majority: name → accuracy of the most frequent class. chance: name → 1 / number of classes.
    printed: name → "alpha" or "beta" → α or β → accuracy in [0, 1] as the paper prints it; it
        stands with both forms of β. Data sets without curves are left out.
    about: a sentence on how the accuracies were measured.

        FusionExplorer(
            {"fi": {("convex", False): {0.0: (0.51, 0.46, 0.56), 0.5: (0.55, 0.50, 0.60)}}},
            {"fi": (14.3, 11.6, 0.31)}, {"fi": 0.134}, {"fi": 1 / 8},
            {"fi": {"alpha": {0.0: 0.6485, 0.25: 0.6576, 0.5: 0.6662}}},
        )

    Settings (keywords, also attributes of the live widget): `dataset`, a name, by default the
    first; `model`; `alpha` and `beta` in [0, 1], shown at the nearest measured value;
    `unit_blocks`. Another value raises traitlets.TraitError. Raises ValueError that names the
    argument where the data are not as above.
    """

    _css = STYLE
    _esm = script("fusion.js")

    dataset = traitlets.Unicode().tag(sync=True)
    model = traitlets.Enum(MODELS, default_value="convex").tag(sync=True)
    alpha = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    beta = traitlets.Float(0.5, min=0.0, max=1.0).tag(sync=True)
    unit_blocks = traitlets.Enum((False, True), default_value=False).tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    # A list, for a page does not keep the order of a dictionary.
    sets = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(
        self, curves: dict, spreads: dict, majority: dict, chance: dict, printed=None, **settings
    ):
        if not curves:
            raise ValueError("curves must hold at least one data set")
        sets = []
        for name, by_model in curves.items():
            for argument, given in (
                ("spreads", spreads), ("majority", majority), ("chance", chance)
            ):  # fmt: skip
                if name not in given:
                    raise ValueError(f"{argument} must hold {name!r}, a data set of curves")
            sets.append(
                {
                    "name": name,
                    "spreads": _spreads(f"spreads[{name!r}]", spreads[name]),
                    "majority": _share(f"majority[{name!r}]", majority[name]),
                    "chance": _share(f"chance[{name!r}]", chance[name]),
                    "curves": _curves(f"curves[{name!r}]", by_model),
                    "printed": _printed(f"printed[{name!r}]", (printed or {}).get(name, {})),
                }
            )
        settings.setdefault("dataset", sets[0]["name"])
        super().__init__(sets=sets, **settings)

    @traitlets.validate("dataset")
    def _known(self, proposal) -> str:
        names = [given["name"] for given in self.sets]
        if proposal["value"] not in names:
            raise traitlets.TraitError(
                f"dataset must be one of {', '.join(names)}, not {proposal['value']!r}"
            )
        return proposal["value"]


def _curves(where: str, by_model) -> list[dict]:
    if not by_model:
        raise ValueError(f"{where} must hold at least one curve")
    made = []
    for key, points in by_model.items():
        if key not in [(model, unit) for model in MODELS for unit in (False, True)]:
            raise ValueError(
                f"a key of {where} must be (model, unit_blocks) with one of "
                f"{', '.join(MODELS)} and a truth value, not {key!r}"
            )
        rows = _rows(f"{where}[{key!r}]", points, _interval)
        made.append({"model": key[0], "unit_blocks": bool(key[1]), "points": rows})
    return made


def _printed(where: str, by_parameter) -> dict:
    for name in by_parameter:
        if name not in ("alpha", "beta"):
            raise ValueError(f"a key of {where} must be alpha or beta, not {name!r}")
    return {
        name: _rows(f"{where}[{name!r}]", points, lambda place, value: [_share(place, value)])
        for name, points in by_parameter.items()
    }


def _rows(where: str, points, read) -> list[list]:
    """[α or β, numbers that belong to it …] in ascending order."""
    if not points:
        raise ValueError(f"{where} must hold at least one point")
    # Rounded, for a step such as 3 · 0.1 would miss a printed 0.3.
    rows = [
        [round(_share(f"a key of {where}", at), 9), *read(f"{where}[{at}]", values)]
        for at, values in points.items()
    ]
    return sorted(rows, key=lambda row: row[0])


def _interval(where: str, values) -> list:
    if np.shape(values) != (3,):
        raise ValueError(f"{where} must hold accuracy, low and high, not {values!r}")
    accuracy, *bounds = values
    if all(isinstance(bound, Real) and math.isnan(bound) for bound in bounds):
        return [_share(where, accuracy), None, None]  # JSON has no NaN
    low, high = (_share(where, bound) for bound in bounds)
    if low > high:
        raise ValueError(f"{where} must have low ≤ high, not {low} and {high}")
    return [_share(where, accuracy), low, high]


def _spreads(where: str, values) -> list[float]:
    if np.shape(values) != (3,) or not all(0 < value < math.inf for value in values):
        raise ValueError(f"{where} must hold three numbers above 0, of X1, X2 and S")
    return [float(value) for value in values]


def _share(where: str, value) -> float:
    if not (isinstance(value, Real) and 0 <= value <= 1):
        raise ValueError(f"{where} must lie in [0, 1], not {value!r}")
    return float(value)
