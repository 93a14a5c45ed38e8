"""Faces and skin: the content group of Machajdik & Hanbury, ACM Multimedia 2010."""

import functools
import os

import cv2
import numpy as np
from skimage.color import rgb2ycbcr

_CASCADE = "haarcascade_frontalface_alt2.xml"
_SCALE = 1.2  # between one size of the window and the next
_NEIGHBOURS = 5  # overlapping windows that make a face
_MIN_FACE = 30  # pixels
_CB, _CR = (77, 127), (133, 173)


def faces(pixels: np.ndarray) -> np.ndarray:
    """Frontal faces: int (n, 4), x, y, width, height in pixels, in the order of x and y.

    pixels: uint8 (H, W, 3), RGB. The detector is that of Viola & Jones (CVPR 2001), as it comes
    with OpenCV: the cascade "frontalface_alt2" on the grey picture with an equalised histogram,
    windows of 30 pixels upward, each 1.2 times the one before, five neighbours.
    """
    grey = cv2.equalizeHist(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    found = _detector().detectMultiScale(grey, _SCALE, _NEIGHBOURS, minSize=(_MIN_FACE, _MIN_FACE))
    return np.array(sorted(map(tuple, found)), int).reshape(-1, 4)


@functools.cache
def _detector():
    detector = cv2.CascadeClassifier(os.path.join(cv2.data.haarcascades, _CASCADE))
    if detector.empty():
        raise RuntimeError(f"OpenCV came without {_CASCADE}: install opencv-python-headless < 5")
    return detector


def skin_mask(pixels: np.ndarray) -> np.ndarray:
    """Where a picture has the colour of skin: bool (H, W).

    pixels: uint8 (H, W, 3), RGB. Skin has 77 ≤ Cb ≤ 127 and 133 ≤ Cr ≤ 173 in the 8-bit YCbCr of
    ITU-R BT.601, whatever its Y: Chai & Ngan, "Face segmentation using skin-color map in
    videophone applications", IEEE Transactions on Circuits and Systems for Video Technology 9,
    1999. Wood and sand pass for skin, too.
    """
    _, cb, cr = np.moveaxis(rgb2ycbcr(pixels), 2, 0)
    return (_CB[0] <= cb) & (cb <= _CB[1]) & (_CR[0] <= cr) & (cr <= _CR[1])


def content(pixels: np.ndarray) -> np.ndarray:
    """Faces and skin in numbers: (4,).

    In order: the number of `faces`; the area of the largest as a share of the picture; the share
    of pixels with the colour of skin (`skin_mask`); their number divided by the area of all
    faces, 0 where there is no face.

    pixels: uint8 (H, W, 3), RGB. Machajdik & Hanbury name the four quantities; how a pixel passes
    for skin is our choice.
    """
    *_, width, height = faces(pixels).T
    area = width * height
    skin = skin_mask(pixels)
    largest = area.max(initial=0) / skin.size
    return np.array([len(area), largest, skin.mean(), skin.sum() / area.sum() if area.any() else 0])
