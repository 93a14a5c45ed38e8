"""Emphasis: what stands out is found, and held against the rules of composition."""

import cv2
import numpy as np
import pytest
from scipy.fft import dct

from emobook.features.color_contrast import CONTRAST_NAMES, itten_contrasts
from emobook.features.emphasis import (
    EMPHASIS_NAMES,
    emphasis,
    focused_attention,
    saliency,
    subject,
    template,
)


def scene(*places, size=(240, 360)) -> np.ndarray:
    """Red discs, at places in shares of the sides, on a slightly uneven grey ground."""
    noise = np.random.default_rng(0).integers(0, 6, (*size, 3))
    rgb = (np.full((*size, 3), 110) + noise).astype(np.uint8)
    for x, y in places:
        cv2.circle(rgb, (round(x * size[1]), round(y * size[0])), 22, (220, 30, 20), -1)
    return rgb


def rates(*places) -> dict:
    return dict(zip(EMPHASIS_NAMES[-3:], focused_attention(scene(*places)), strict=True))


def test_attention_goes_where_the_subject_is():
    attention = saliency(scene((0.75, 0.3)))
    y, x = np.unravel_index(np.argmax(attention), attention.shape)
    assert abs((x + 0.5) / attention.shape[1] - 0.75) < 0.06
    assert abs((y + 0.5) / attention.shape[0] - 0.3) < 0.08
    assert attention.sum() == pytest.approx(1) and attention.min() >= 0
    found = subject(attention)
    assert found[y, x] and 0 < found.mean() < 0.2


def test_saliency_is_the_image_signature():
    """Reference: the sign of a transform made of cosine matrices, on a picture that needs no
    resizing."""
    rgb = scene((0.4, 0.6), size=(64, 64))
    rows = dct(np.eye(64), norm="ortho", axis=0)
    lab = cv2.cvtColor(np.float32(rgb / 255), cv2.COLOR_RGB2LAB).astype(float)
    expected = np.zeros((64, 64))
    for channel in range(3):
        signs = np.sign(rows @ lab[..., channel] @ rows.T)
        signs[0, 0] = 0
        expected += (rows.T @ signs @ rows) ** 2
    expected = cv2.GaussianBlur(expected, (0, 0), 3.2)
    found = saliency(rgb)
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=0.02, atol=1e-6)


def test_a_subject_on_a_third_obeys_the_rule_of_thirds_and_one_in_the_middle_does_not():
    thirds, middle, corner = rates((1 / 3, 1 / 3)), rates((0.5, 0.5)), rates((0.06, 0.92))
    assert thirds["attention_thirds"] > 0.6 > 0.5 > middle["attention_thirds"]
    assert middle["attention_middle"] > 0.6 > 0.5 > thirds["attention_middle"]
    assert corner["attention_thirds"] < 0.2 and corner["attention_middle"] < 0.05


def test_one_subject_holds_more_attention_than_noise():
    noise = np.random.default_rng(1).integers(0, 256, (240, 360, 3), dtype=np.uint8)
    assert rates((0.4, 0.6))["attention_subject"] > 0.3 > 0.1 > focused_attention(noise)[0] >= 0


def test_rates_do_not_change_with_a_flip():
    rgb = scene((0.3, 0.3), (0.8, 0.6))
    expected = focused_attention(rgb)
    for flipped in (rgb[:, ::-1], rgb[::-1], rgb[::-1, ::-1]):
        found = focused_attention(np.ascontiguousarray(flipped))
        np.testing.assert_allclose(found, expected, atol=0.01)


def test_templates_are_one_at_their_places_and_symmetric():
    thirds = template((90, 120), [(x / 3, y / 3) for x in (1, 2) for y in (1, 2)])
    assert thirds[30, 40] == pytest.approx(1, abs=0.01) == thirds[60, 80]
    np.testing.assert_allclose(thirds, thirds[::-1, ::-1])
    assert thirds[0, 0] < 0.05 and thirds[45, 60] < 0.2


def test_emphasis_is_fifteen_contrasts_and_three_rates():
    rgb = scene((0.3, 0.3))
    found = dict(zip(EMPHASIS_NAMES, emphasis(rgb), strict=True))
    assert len(found) == 18 and sum(name.startswith("contrast_") for name in found) == 15
    contrasts = dict(zip(CONTRAST_NAMES, itten_contrasts(rgb), strict=True))
    for name, value in found.items():
        if name.startswith("contrast_"):
            assert value == contrasts[name.removeprefix("contrast_")]
    assert list(found.values())[-3:] == focused_attention(rgb).tolist()


def test_complementary_colours_contrast_more_than_neighbours():
    def contrasts(*colours):
        rgb = np.repeat(np.uint8(colours), 64, axis=0)[None].repeat(128, 0)
        return dict(zip(EMPHASIS_NAMES, emphasis(rgb), strict=True))

    against = contrasts((220, 40, 40), (40, 180, 160))
    beside = contrasts((220, 40, 40), (220, 120, 40))
    for name in ("complements", "hue_spread", "warm_cold"):
        assert against[f"contrast_{name}"] > beside[f"contrast_{name}"]
    dark, even = contrasts((10, 10, 10), (245, 245, 245)), contrasts((120,) * 3, (130,) * 3)
    assert dark["contrast_light_dark"] > even["contrast_light_dark"]


def test_nothing_stands_out_in_one_colour():
    for colour in (0, 127, 255):
        rgb = np.full((64, 64, 3), colour, np.uint8)
        assert not saliency(rgb).any() and not subject(saliency(rgb)).any()
        assert not focused_attention(rgb).any()
        assert np.isfinite(emphasis(rgb)).all()
