"""The features that Machajdik & Hanbury drew from psychology and the theory of art."""

import cv2
import numpy as np

from emobook.datasets.tables import COLOUR_NAMES
from emobook.features.color import (
    PAD,
    HueStatistics,
    colorfulness,
    hue_statistics,
    mean_saturation_brightness,
    pleasure_arousal_dominance,
)
from emobook.features.color_contrast import CONTRAST_NAMES, itten_contrasts
from emobook.features.color_fuzzy import WangHistograms, wang_histograms
from emobook.features.color_names import (
    WithColorNames,
    color_name_shares,
    name_table,
)
from emobook.features.color_spaces import pixels, rgb_to_ihls
from emobook.features.composition import depth_of_field, dynamics, inner_third, segments
from emobook.features.content import content
from emobook.features.texture import (
    GLCM,
    Tamura,
    WaveletTexture,
    glcm,
    grey_8,
    tamura,
    wavelet_texture,
)

AREA = 200_000
"""Pixels to which Machajdik & Hanbury resize a picture."""

_TOLERANCE = 16  # levels of 255 by which a border's pixels may differ
_SPECKS = 0.01  # share of a border's row that may differ by more
_WIDEST = 1 / 4  # of a side, for a border

_KINDS = ("static", "slanted")
_CHANNELS = ("hue", "luminance", "saturation")
_NAMES = {
    "color": (
        "saturation_mean",
        "luminance_mean",
        *PAD().get_feature_names_out(),
        *HueStatistics().get_feature_names_out(),
        "distance_to_all_colors",
        *(f"name_{name}" for name in COLOUR_NAMES),
        *(f"itten_{name}" for name in CONTRAST_NAMES),
        *(f"wang_{name}" for name in WangHistograms().get_feature_names_out()),
    ),
    "texture": (
        *WaveletTexture().get_feature_names_out(),
        *Tamura().get_feature_names_out(),
        *GLCM().get_feature_names_out(),
    ),
    "composition": (
        "level_of_detail",
        *(f"depth_of_field_{channel}" for channel in _CHANNELS),
        *(f"lines_{what}_{kind}" for what in ("number", "length", "share") for kind in _KINDS),
        *(f"inner_third_{channel}" for channel in _CHANNELS),
    ),
    "content": ("faces_number", "faces_largest", "skin_share", "skin_per_face"),
}


def without_border(image: np.ndarray) -> np.ndarray:
    """The part of a picture, uint8 (H, W, 3), within a frame or between black bars: a view.

    A border is a run of rows of one colour: 99 % of their pixels are within 16 levels of the
    median of the outermost row. It is cut off, with one more row in which a filter may have mixed
    it with the picture, where both the top and the bottom have one of the same colour, neither is
    wider than a quarter of the height, and both end at a straight edge: in the first row inside
    at least half of the pixels have another colour. Then the same for columns.

    Machajdik & Hanbury cut borders off, too, at lines of Canny's edges and the Hough transform;
    the rule is ours.
    """
    image = image[_within(image)]
    return image[:, _within(image.swapaxes(0, 1))]


def _within(image: np.ndarray) -> slice:
    """Rows of a picture that are no border."""
    colour = np.median(image[0], axis=0).astype(int)
    low, high = (np.clip(colour + d, 0, 255) for d in (-_TOLERANCE, _TOLERANCE))
    near = cv2.inRange(np.ascontiguousarray(image), low, high) > 0
    other = 1 - near.mean(axis=1)  # of each row, the share that has not the border's colour
    inside = np.flatnonzero(other > _SPECKS)
    height, everything = len(image), slice(None)
    if not inside.size:
        return everything
    top, bottom = inside[0], height - 1 - inside[-1]
    if not 1 <= min(top, bottom) <= max(top, bottom) <= _WIDEST * height:
        return everything
    first, last = top + 1, height - bottom - 2
    if first >= last or min(other[first], other[last]) < 0.5:
        return everything
    return slice(first, last + 1)


def _inner_means(image: np.ndarray) -> tuple[float, float, float]:
    """Mean hue, luminance and saturation of the inner third."""
    third = inner_third(image)
    saturation, luminance = mean_saturation_brightness(third)
    return hue_statistics(third)[0], luminance, saturation


class Machajdik(WithColorNames):
    """What Machajdik & Hanbury measure of a picture: 104 numbers in four groups.

    In the style of their "Affective image classification using features inspired by psychology
    and art theory", ACM Multimedia 2010. The list of features is theirs; theirs had 114 numbers,
    and what the other ten were is not known to us. Where a formula is ours, the function named
    below says so.

    Names begin with                               number  defined in
    color_saturation_mean, color_luminance_mean         2  color.mean_saturation_brightness
    color_pleasure, color_arousal, color_dominance      3  color.PAD, signs="valdez"
    color_hue, color_weighted_hue                       4  color.HueStatistics
    color_distance_to_all_colors                        1  color.Colorfulness
    color_name                                         11  color_names.ColorNames
    color_itten                                        20  color_contrast.IttenContrasts
    color_wang                                         19  color_fuzzy.WangHistograms
    texture_wavelet                                    12  texture.wavelet_texture
    texture_tamura                                      3  texture.Tamura
    texture_glcm                                       12  texture.glcm, 8 levels
    composition_level_of_detail                         1  composition.level_of_detail
    composition_depth_of_field                          3  composition.depth_of_field
    composition_lines                                   6  composition.dynamics
    composition_inner_third                             3  composition.inner_third
    content_faces                                       2  content.content
    content_skin                                        2  content.content

    First a picture of more than 200,000 pixels is reduced to about that many (its sides keep
    their ratio; each new pixel is the mean of an area; a smaller picture is not enlarged), then
    borders are cut off (`without_border`). Channels are those of IHLS (`color_spaces`): hue in
    degrees, luminance and saturation in [0, 1]. Of the inner third, these are means, of hue as in
    `HueStatistics`. Itten's contrasts are those between
    `composition.segments`. Names of colours come from `$EMOBOOK_DATA/color_names` where it is
    there, as in `ColorNames`.

    Units differ from feature to feature, so scale them (`StandardScaler`) before a classifier
    that compares distances; Machajdik & Hanbury took naive Bayes. Raises DatasetError where the
    table of colour names is damaged.
    """

    def _names(self):
        return [f"{group}_{name}" for group, names in _NAMES.items() for name in names]

    def _describe(self, image):
        view = np.ascontiguousarray(without_border(pixels(image, AREA)))
        ihls, labels = rgb_to_ihls(view), segments(view)
        saturation, brightness = mean_saturation_brightness(view)
        values = (
            (saturation, brightness),
            pleasure_arousal_dominance(brightness, saturation),
            hue_statistics(view),
            [colorfulness(view)],
            color_name_shares(view, name_table(self._folder)),
            itten_contrasts(view, labels),
            wang_histograms(view),
            wavelet_texture(ihls),
            tamura(grey_8(view)),
            glcm(ihls),
            [labels.max()],
            depth_of_field(ihls),
            dynamics(view),
            _inner_means(view),
            content(view),
        )
        return np.concatenate(values)
