"""Colour histograms and visual words, as Siersdorfer et al. (ACM MM 2010) put them together.

They train a support-vector machine; here, as for every fixed feature of this book, it is logistic
regression on standardised features, which also gives probabilities.
"""

from emobook.models.linear import frozen_linear


def gch(features=None, C: float = 0.01):
    """Global colour histogram, 64 bins."""
    from emobook.features import ColorHistogram

    return frozen_linear(ColorHistogram() if features is None else features, C)


def lch(features=None, C: float = 0.01):
    """Local colour histograms, 64 bins in each of 4 × 4 blocks."""
    from emobook.features import ColorHistogram

    return frozen_linear(ColorHistogram(grid=4) if features is None else features, C)


def sift(features=None, C: float = 0.01):
    """200 visual words."""
    from emobook.features import SIFTWords

    return frozen_linear(SIFTWords() if features is None else features, C)


def gch_bow(features=None, C: float = 0.01):
    """Global colour histogram and visual words."""
    from emobook.features.local import color_and_words

    return frozen_linear(color_and_words(grid=1) if features is None else features, C)


def lch_bow(features=None, C: float = 0.01):
    """Local colour histograms and visual words."""
    from emobook.features.local import color_and_words

    return frozen_linear(color_and_words(grid=4) if features is None else features, C)
