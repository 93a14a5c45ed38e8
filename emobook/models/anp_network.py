"""DeepSentiBank-style: a network with one output for each adjective-noun pair."""

from emobook.models.finetune import FineTunedClassifier


def deep_sentibank(backbone="alexnet", **options) -> FineTunedClassifier:
    """An unfitted network for the pairs that `fit` gets as y, one name for each picture.

    Chen et al. (2014, arXiv 1410.8586) trained AlexNet further, from its ImageNet weights, on
    868,000 photos of 2,089 pairs. What is known is done so; epochs and rates are those of
    `FineTunedClassifier`, which also takes `options`, keeps the decoded photos in memory (200 kB
    each) and counts the pairs itself. Other backbones need less time: "tf_efficientnet_lite0".

    The authors' weights are not here. Where AlexNet's cannot be loaded, `fit` raises WeightsError:
    then a row of this method reads "not run". `features.PairResponses` makes features of it.
    """
    return FineTunedClassifier(backbone, **options)
