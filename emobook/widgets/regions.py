"""The interactive figure that steps through pictures, their regions, and what classifiers say."""

import math
from numbers import Real

import anywidget
import numpy as np
import pandas as pd
import traitlets

from emobook.emotions import MIKELS8
from emobook.widgets._pictures import embedded
from emobook.widgets._sources import STYLE, script

SHOWN = ("both", "emotional", "object")
_NUMBERS = ("x0", "y0", "x1", "y1", "p_obj", "p_emo", "s_emo")


class RegionExplorer(anywidget.AnyWidget):
    """Step through pictures: the regions of Rao et al. (2019) as boxes, with p_obj, p_emo and
    S_emo (eq. 3), and the classes that classifiers of several configurations find probable.

    table: one row per picture, as `models.regions.RegionDetector.transform` gives it: `path` and
        lists of `Region` in `emotional_regions` and `object_regions`, best first. Regions that
        were not found are left out. Where there is a column `regions`, true boxes in pixels of the
        picture, they can be shown as well.
    scores: name of a configuration → (N, C) probabilities.
    names: (N,) what each picture is called, in words, for those who cannot see it.
    truth: (N,) positions of the true classes, or None where nobody knows them.
    classes: C names. side: the pictures go into the page as JPEG, at most so many pixels wide and
        high.
    about: a sentence on where pictures, regions and scores come from.

        found = detector.transform(table)
        RegionExplorer(found, {"whole picture": classifier.predict_proba(found)}, names, truth)

    Settings (keywords, also attributes of the live widget): `picture`, from 0; `shown`, "both",
    "emotional" or "object"; `count`, regions of each kind, from 1; `configuration`, a name, by
    default the last; `known`, whether true regions are drawn. Another value raises
    traitlets.TraitError. Raises ValueError that names the argument where the data are not as
    above, ImageError for a picture that cannot be read.
    """

    _css = STYLE
    _esm = script("regions.js")

    picture = traitlets.Int(0, min=0).tag(sync=True)
    shown = traitlets.Enum(SHOWN, default_value="both").tag(sync=True)
    count = traitlets.Int(3, min=1).tag(sync=True)
    configuration = traitlets.Unicode().tag(sync=True)
    known = traitlets.Enum((False, True), default_value=False).tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    configurations = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pictures = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(
        self, table: pd.DataFrame, scores: dict, names, truth=None, *, classes=MIKELS8,
        side: int = 256, **settings,
    ):  # fmt: skip
        missing = {"path", "emotional_regions", "object_regions"} - set(table.columns)
        if missing or not len(table):
            raise ValueError(
                f"table must have a row, and {', '.join(sorted(missing)) or 'no more columns'}"
            )
        if not scores:
            raise ValueError("scores must hold at least one configuration")
        truth = [None] * len(table) if truth is None else list(truth)
        for argument, values in (("names", names), ("truth", truth)):
            if len(values) != len(table):
                raise ValueError(f"{argument} must hold one value per picture, {len(table)}")
        if any(one is not None and not 0 <= one < len(classes) for one in truth):
            raise ValueError(f"truth must hold positions from 0 to {len(classes) - 1}")
        said = {
            name: _probabilities(f"scores[{name!r}]", given, len(table), len(classes))
            for name, given in scores.items()
        }
        pictures = []
        for place, row in enumerate(table.to_dict("records")):
            drawn, width, height = embedded(row["path"], side)
            pictures.append(
                {
                    "name": str(names[place]),
                    "truth": None if truth[place] is None else int(truth[place]),
                    "image": drawn,
                    "width": width,
                    "height": height,
                    "emotional": _regions("emotional_regions", place, row),
                    "object": _regions("object_regions", place, row),
                    "known": _boxes(place, row.get("regions")),
                    "scores": [given[place].tolist() for given in said.values()],
                }
            )
        settings.setdefault("configuration", list(said)[-1])
        super().__init__(
            pictures=pictures, classes=list(classes), configurations=list(said), **settings
        )

    @traitlets.validate("picture")
    def _there(self, proposal) -> int:
        if proposal["value"] >= len(self.pictures):
            raise traitlets.TraitError(
                f"picture must be from 0 to {len(self.pictures) - 1}, not {proposal['value']}"
            )
        return proposal["value"]

    @traitlets.validate("configuration")
    def _listed(self, proposal) -> str:
        if proposal["value"] not in self.configurations:
            raise traitlets.TraitError(
                f"configuration must be one of {', '.join(self.configurations)}, "
                f"not {proposal['value']!r}"
            )
        return proposal["value"]


def _regions(column: str, place: int, row: dict) -> list[list[float]]:
    """(x0, y0, x1, y1, p_obj, p_emo, S_emo) of each region that was found."""
    try:
        found = [one for one in row[column] if one.found]
        rows = [[float(getattr(one, name)) for name in _NUMBERS] for one in found]
    except (AttributeError, TypeError):
        raise ValueError(
            f"{column} must hold lists of Region, which row {place} does not"
        ) from None
    if not all(math.isfinite(value) for one in rows for value in one):
        raise ValueError(f"{column} must hold finite numbers, which row {place} does not")
    return rows


def _boxes(place: int, boxes) -> list[list[float]] | None:
    """True boxes, of which the last four values count; None where nobody looked."""
    if boxes is None or isinstance(boxes, Real):
        return None
    try:
        return [[float(end) for end in tuple(box)[-4:]] for box in boxes]
    except (TypeError, ValueError):
        raise ValueError(f"regions must hold lists of boxes, which row {place} does not") from None


def _probabilities(where: str, given, rows: int, columns: int) -> np.ndarray:
    given = np.asarray(given, dtype=np.float64)
    fits = given.shape == (rows, columns)
    if not fits or not (given >= 0).all() or not np.allclose(given.sum(axis=1), 1, atol=1e-3):
        raise ValueError(f"{where} must hold probabilities ({rows}, {columns}), rows that sum to 1")
    return given
