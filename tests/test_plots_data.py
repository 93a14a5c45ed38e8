"""Figures of data sets: what is drawn where."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emobook import datasets
from emobook.datasets.base import Dataset
from emobook.emotions import MIKELS8, POSITIVE
from emobook.plots import data as figures

INFO = datasets.Info("rated", "Rated", "ratings", "open", "none", "here", "kurdi2017", scale=(1, 7))


@pytest.fixture
def rated(tmp_path):
    """Four pictures, each of one grey, near the corners of the plane and in its middle."""
    places = [(1.2, 6.8), (6.8, 6.8), (1.2, 1.2), (4.1, 4.1)]
    paths = []
    for i in range(len(places)):
        paths.append(str(tmp_path / f"{i}.png"))
        Image.new("RGB", (20, 10), (40 * i + 20,) * 3).save(paths[-1])
    ids = [f"{i}" for i in range(len(places))]
    table = pd.DataFrame({"path": paths, "id": ids, "split": "train", "group": list("abca")})
    ratings = pd.DataFrame(places, columns=["valence", "arousal"])
    return Dataset(INFO, table, ratings=ratings, scale=(1, 7))


def test_the_scale_becomes_a_unit(rated):
    assert figures.unit_ratings(rated)["valence"].tolist() == pytest.approx(
        [0.2 / 6, 5.8 / 6, 0.2 / 6, 3.1 / 6]
    )


def test_bars_add_up_and_positive_emotions_come_first():
    counts = {"even": pd.Series(5, MIKELS8), "angry": pd.Series({"anger": 3, "awe": 1})}
    axes = figures.composition(counts).axes[0]
    bars = {
        (b.get_label(), row): part[row] for b in axes.containers for row, part in [(0, b), (1, b)]
    }
    for row in range(2):
        widths = [bars[name, row].get_width() for name in MIKELS8]
        assert sum(widths) == pytest.approx(100)
    assert bars["anger", 1].get_x() == pytest.approx(25)
    positive = sum(bars[name, 0].get_width() for name in POSITIVE)
    assert positive == bars["anger", 0].get_x() == pytest.approx(50)


def test_methods_below_their_line_are_crosses():
    values = pd.DataFrame({"FI": [50, 70.5, 80], "Abstract": [70, 80, 90]}, ["a", "b", "c"])
    fig = figures.beside_lines(values, {"FI": 70.5, "Abstract": 60})
    crosses, dots = fig.axes[0].collections
    assert crosses.get_offsets()[:, 0].tolist() == [50, 70.5]
    assert dots.get_offsets()[:, 1].tolist() == [2]
    assert len(fig.axes[1].collections[0].get_offsets()) == 0
    assert fig.axes[0].yaxis_inverted()


def test_histograms_keep_the_scale_of_each_set(rated):
    fig = figures.histograms({"one": rated, "two": rated})
    assert len(fig.axes) == 4
    assert fig.axes[0].get_xlim() == (1, 7)
    assert sum(bar.get_height() for bar in fig.axes[0].patches) == len(rated)


def test_the_grid_of_the_plane_is_kims_on_the_scale_of_the_set(rated):
    (axis,) = figures.plane({"rated": rated}).axes
    assert axis.get_xticks().tolist() == [2.5, 4, 5.5]  # 3, 5 and 7 of 1 to 9
    assert axis.collections[0].get_offsets().tolist() == rated.ratings.to_numpy().tolist()


def test_a_contact_sheet_puts_each_picture_at_its_place(rated):
    axis = figures.contact_sheet(rated, size=3).axes[0]
    found = {tuple(np.round(i.get_extent(), 2)): i.get_array()[0, 0, 0] for i in axis.images}
    assert found == {(1, 3, 5, 7): 20, (5, 7, 5, 7): 60, (1, 3, 1, 3): 100, (3, 5, 3, 5): 140}


def test_a_contact_sheet_leaves_out_groups_and_absent_files(rated):
    rated.table.loc[1, "path"] = None
    (picture,) = figures.contact_sheet(rated, size=3, leave_out=["a"]).axes[0].images
    assert tuple(np.round(picture.get_extent(), 2)) == (1, 3, 1, 3)


def test_the_words_of_a_section_are_counted_once_per_image(rated):
    words = [["fire", "fire"], ["cake"], ["stone", "box"], ["dog"]]
    sections = figures.section_words(rated, words).set_index(["valence", "arousal"])
    assert len(sections) == 16
    assert sections["images"].sum() == 4
    assert sections.loc[("lowest", "highest"), "words"] == "fire (1)"
    assert sections.loc[("lowest", "lowest"), "words"] == "box (1), stone (1)"
    assert sections.loc[("high", "high"), "words"] == "dog (1)"
    assert sections.loc[("lowest", "low"), "words"] == ""


def test_the_grid_of_words_has_each_at_its_section(rated):
    sections = figures.section_words(rated, [["fire"], ["cake"], ["stone"], ["dog"]])
    axis = figures.word_grid(sections).axes[0]
    at = {t.get_text(): t.get_position() for t in axis.texts if t.get_text()}
    assert at == {"fire (1)": (0, 3), "cake (1)": (3, 3), "stone (1)": (0, 0), "dog (1)": (2, 2)}
    assert axis.images[0].get_array()[0, 0] == 1


def test_one_picture_shows_all_that_is_known():
    data = datasets.load("synthetic", n=2)
    picture, _, votes = figures.one_picture(data, 1).axes
    assert len(picture.lines) == len(data.table["boxes"][1])
    assert [bar.get_width() for bar in votes.patches] == data.votes[1].tolist()


def test_words_are_objects_or_those_of_the_group(rated):
    assert figures.words_of(rated.subset([0, 1])) == [["a"], ["b"]]
    rated.table["group"] = ["Dog attack", "Lake", "Lake", "Lake"]
    assert figures.words_of(rated)[0] == ["dog", "attack"]
    scenes = datasets.load("synthetic", n=2)
    assert figures.words_of(scenes) == scenes.table["objects"].tolist()


def test_without_a_set_the_figures_say_so():
    for fig in (figures.histograms({}), figures.plane({}), figures.contact_sheet(None)):
        assert fig.axes[0].texts[0].get_text().startswith("not run")
    sections = figures.section_words(None, figures.words_of(None))
    assert len(sections) == 16 and not sections["images"].any()
    figures.word_grid(sections)
