"""Metrics, baselines, folds and intervals: how every number of the book is judged.

scikit-learn and scipy do what they can do. Here is what they lack: metrics that take scores as
they come out of a method, intervals that resample whole groups of related images, folds that are
repeated, the one-against-all protocol of the papers, and the human level (see `votes`).

Intervals are percentile bootstraps over images, or over groups where images are related (frames of
one scene, photos of one theme): a group is drawn with all its images. With repeated
cross-validation an image's correctness is averaged over the repeats first (`per_image`), since
repeats add no images; what the repeats, or the seeds, differ by joins the interval in `over_runs`.
With fewer than two images or groups the bounds are NaN.
"""

from emobook._bootstrap import Interval
from emobook.evaluate.folds import Fold, cross_predict, per_image, repeated_folds
from emobook.evaluate.intervals import (
    bootstrap_interval,
    ccc_interval,
    over_runs,
    paired_gain,
    pearson_difference,
    pearson_gain,
    pearson_interval,
)
from emobook.evaluate.metrics import (
    accuracy,
    ccc,
    collapse_to_polarity,
    confusion,
    majority_baseline,
    mean_baseline,
    mse,
    pearson,
    per_class_recall,
    polarity_labels,
    predicted_labels,
)
from emobook.evaluate.one_against_all import (
    one_vs_all,
    one_vs_all_gain,
    one_vs_all_predict,
    one_vs_all_rates,
)

__all__ = [
    "Fold", "Interval", "accuracy", "bootstrap_interval", "ccc", "ccc_interval",
    "collapse_to_polarity", "confusion", "cross_predict", "majority_baseline", "mean_baseline",
    "mse", "one_vs_all", "one_vs_all_gain", "one_vs_all_predict", "one_vs_all_rates", "over_runs",
    "paired_gain", "pearson", "pearson_difference", "pearson_gain", "pearson_interval",
    "per_class_recall", "per_image", "polarity_labels", "predicted_labels", "repeated_folds",
]  # fmt: skip
