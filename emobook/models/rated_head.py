"""A fitted linear head for ratings, as it is kept and shipped: weights, half widths, identity.

A head is a folder: `head.safetensors` holds `weights` (D, R), `bias` (R,) and `half_widths` (R,),
float32, for R ratings of D features; `head.json` says which ratings on which scale, of which
features, learned from what, and what was measured; `card.md` is that in words. It is fitted by
`emobook.results.rated_head`. Predictions need no data set: the features come with pip.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from emobook._files import write_atomic
from emobook.features import DeepFeatures, backbones

SHIPPED = Path(__file__).parent.parent / "heads"
ARRAYS = ("weights", "bias", "half_widths")


class HeadError(RuntimeError):
    """A head that cannot be read, or that belongs to other features than those that are here."""


@dataclasses.dataclass(frozen=True, eq=False)
class RatedHead:
    """R ratings as linear functions of D features, with the half widths of their intervals.

    weights (D, R), bias (R,), half_widths (R,): float32, in units of the scale. record: what
    `head.json` holds, at least `ratings` (R names), `scale` [lowest, highest], `level` of the
    intervals, `features` (the `identity` of each backbone, side by side in this order) and
    `made_with`, the packages that hold their weights.
    """

    weights: np.ndarray
    bias: np.ndarray
    half_widths: np.ndarray
    record: dict

    def predict(self, X) -> np.ndarray:
        """Ratings (N, R) of the pictures of X (see `features.base.images_of`), on the scale.

        Raises ImageError for pictures that cannot be read.
        """
        return self.of_features(pooled(X, [one["backbone"] for one in self.record["features"]]))

    def of_features(self, features) -> np.ndarray:
        """Ratings (N, R) of features (N, D), cut at the ends of the scale."""
        values = np.asarray(features, np.float64) @ self.weights.astype(np.float64) + self.bias
        return np.clip(values, *self.record["scale"])

    def bounds(self, ratings) -> np.ndarray:
        """(N, R, 2): the lowest and the highest value of the interval around each of `ratings`
        (N, R), cut at the ends of the scale, where no rating can be."""
        ratings = np.asarray(ratings, dtype=np.float64)[..., None]
        return np.clip(
            ratings + self.half_widths.astype(np.float64)[:, None] * (-1, 1), *self.record["scale"]
        )

    def save(self, folder) -> None:
        """Write `head.safetensors` and `head.json`; the same head gives the same bytes."""
        arrays = {name: np.asarray(getattr(self, name), np.float32) for name in ARRAYS}
        write_atomic(Path(folder) / "head.safetensors", safetensors.numpy.save(arrays))
        record = json.dumps(self.record, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        write_atomic(Path(folder) / "head.json", record)


def pooled(X, names) -> np.ndarray:
    """The pooled features of several frozen backbones, side by side: float32 (N, D)."""
    return np.hstack([DeepFeatures(name).transform(X) for name in names])


def identity(backbone: str) -> dict:
    """By what features are known again: the backbone, their number, the digest of the weights that
    are here, and the recipe for pictures. Raises WeightsError where there are no weights."""
    loaded = backbones.load(backbone)
    return {
        "backbone": backbone,
        "dimensions": loaded.feature_dim,
        "weights_id": loaded.weights_id,
        "recipe": json.loads(json.dumps(dataclasses.asdict(loaded.recipe))),  # JSON has no tuples
    }


def load(folder="oasis") -> RatedHead:
    """The head in `folder`, or one that comes with this package, by its name.

    Raises HeadError where there is none, where it is damaged, or where the features that it was
    fitted on are others than those that are installed; WeightsError where none are.
    """
    named = SHIPPED / folder if str(folder) in shipped() else Path(folder)
    try:
        record = json.loads((named / "head.json").read_text("utf-8"))
        # read as bytes by Python, so that the runner sees what a notebook depends on
        arrays = safetensors.numpy.load((named / "head.safetensors").read_bytes())
        shape = sum(one["dimensions"] for one in record["features"]), len(record["ratings"])
        head = RatedHead(*(arrays[name] for name in ARRAYS), record)
        if (head.weights.shape, head.bias.shape) != (shape, shape[1:]):
            raise ValueError(f"its weights are not of shape {shape}")
        if head.half_widths.shape != shape[1:]:
            raise ValueError(f"it has {head.half_widths.size} half widths for {shape[1]} ratings")
    except FileNotFoundError as error:
        raise HeadError(
            f"{folder} holds no head ({Path(error.filename).name} is missing): take "
            f"{', '.join(shipped())}, or write one with emobook head --write {folder}"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else error
        raise HeadError(f"the head in {folder} cannot be used ({reason}): fit it anew") from None
    for told in record["features"]:
        here = identity(told["backbone"])
        if differing := [name for name in here if here[name] != told.get(name)]:
            raise HeadError(
                f"the head in {folder} was fitted on other features of {told['backbone']} than "
                f"those installed ({', '.join(differing)}): install {record['made_with']}, or fit "
                "it anew with emobook head --write FOLDER"
            )
    return head


def shipped() -> tuple[str, ...]:
    """The names of the heads that come with this package."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob("*/head.json")))
