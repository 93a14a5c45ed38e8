"""Methods by name: `create("frozen-linear")` gives an estimator, `names()` lists them.

Every estimator takes the table of a data set (or what its docstring says) as X and follows
scikit-learn: `fit`, `predict` and, for classifiers, `predict_proba`.
"""

import difflib
import importlib

_METHODS = {
    "majority": "linear:majority",
    "mean": "linear:mean",
    "frozen-linear": "linear:frozen_linear",
    "frozen-ridge": "linear:frozen_ridge",
    "imagenet-svm": "imagenet_svm:imagenet_svm",
    "softmax-head": "heads:on_images",
    "fine-tuned": "finetune:FineTunedClassifier",
    "deep-sentibank": "anp_network:deep_sentibank",
    "gch": "siersdorfer:gch",
    "lch": "siersdorfer:lch",
    "sift": "siersdorfer:sift",
    "gch-bow": "siersdorfer:gch_bow",
    "lch-bow": "siersdorfer:lch_bow",
    "multiple-instance": "instances:multiple_instance",
    "attention": "attention:AttentionClassifier",
    "mldrnet": "multilevel:MldrNetClassifier",
    "mldrnet-patches": "multilevel:MldrPatchesClassifier",
    "cnn-rnn": "cnn_rnn:CNNRNNClassifier",
    "lite-emo": "light:LiteEmoClassifier",
    "binary-assisted": "assisted:BinaryAssistedClassifier",
    "pcnn": "progressive:pcnn",
    "multi-level-rcnn": "region_classifier:multi_level_rcnn",
    "convex-fusion": "fusion:ConvexFusion",
    "supplementary-fusion": "fusion:SupplementaryFusion",
    "emotion-network": "valence_arousal:network",
    "linear-regression": "valence_arousal:linear",
    "svr": "valence_arousal:svr",
    "fine-tuned-regressor": "finetune:FineTunedRegressor",
}  # name → module below emobook.models : what makes the estimator


def names() -> tuple[str, ...]:
    return tuple(_METHODS)


def create(name: str, **options):
    """A new, unfitted estimator. `options` are those of the method's factory or class.

    Raises ValueError for a name that is not known, with the closest ones that are.
    """
    if name not in _METHODS:
        close = difflib.get_close_matches(str(name), _METHODS, n=3, cutoff=0.4) or _METHODS
        raise ValueError(f"name must be a method such as {', '.join(close)}, not {name!r}")
    module, _, factory = _METHODS[name].partition(":")
    return getattr(importlib.import_module(f"emobook.models.{module}"), factory)(**options)
