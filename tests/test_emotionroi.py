"""EmotionROI: the published split, its maps, and boxes around what is bright in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from emobook import datasets, images, results
from emobook.datasets.lists import DatasetError, DatasetMissing, bucket
from emobook.datasets.regions import boxes_from_map, with_regions


def test_the_published_split_with_validation_carved_out(layout):
    dataset = datasets.load("emotionroi", root=layout("emotionroi"))
    table = dataset.table
    assert dataset.counts().to_dict() == dict.fromkeys(dataset.classes, 4)
    for name, split in zip(table["id"], table["split"], strict=True):
        number = int(name.split("/")[1].removesuffix(".jpg"))
        trained = "val" if bucket(name, 17) == 0 else "train"
        assert split == (trained if number < 3 else "test")
    assert dataset.two_class().counts().to_dict() == {"negative": 16, "positive": 8}
    assert sum(dataset.info.expected.values()) == dataset.info.images == 1980


def test_every_photo_has_its_map_whatever_its_ending(layout):
    root = layout("emotionroi")
    maps = root / "ground_truth" / "joy"
    Image.open(maps / "1.jpg").save(maps / "1.bmp")
    (maps / "1.jpg").unlink()
    (maps / "2.jpg").unlink()
    table = datasets.load("emotionroi", root=root).table.set_index("id")
    assert table.loc["joy/1.jpg", "map_path"] == str(maps / "1.bmp")
    assert table.loc["joy/2.jpg", "map_path"] is None
    assert table.loc["joy/3.jpg", "map_path"] == str(maps / "3.jpg")
    assert table["map_path"].isna().sum() == 1


@pytest.mark.parametrize("line", ["awe/1.jpg", "joy/../1.jpg", "1.jpg", "joy/1.jpg 0"])
def test_a_line_that_is_no_photo_is_named(layout, line):
    root = layout("emotionroi")
    path = root / "training_testing_split" / "testing.txt"
    path.write_text(f"joy/3.jpg\n\n{line}\n")
    if line == "joy/1.jpg 0":  # a file that is not there is absent, whatever its name
        assert datasets.load("emotionroi", root=root).absent == (line,)
        return
    with pytest.raises(DatasetError, match=r"testing\.txt, line 3: .* is no photo"):
        datasets.load("emotionroi", root=root)


def test_a_photo_in_both_lists_stays_in_training_and_is_told(layout):
    root = layout("emotionroi")
    path = root / "training_testing_split" / "testing.txt"
    path.write_text(path.read_text() + "joy/1.jpg\n")
    with pytest.raises(DatasetError, match="listed twice, in train and test"):
        datasets.load("emotionroi", root=root)
    with pytest.warns(UserWarning, match="left out"):
        kept = datasets.load("emotionroi", root=root, on_error="drop")
    assert kept.table.set_index("id").loc["joy/1.jpg", "split"] != "test"


def test_lists_that_are_absent_or_empty(layout):
    root = layout("emotionroi")
    (root / "training_testing_split" / "testing.txt").write_text("\n")
    with pytest.raises(DatasetError, match=r"testing\.txt lists no photo"):
        datasets.load("emotionroi", root=root)
    (root / "training_testing_split" / "testing.txt").unlink()
    with pytest.raises(DatasetMissing, match=r"testing\.txt cannot be read"):
        datasets.load("emotionroi", root=root)


def test_regions_are_the_boxes_of_each_map(layout):
    root = layout("emotionroi")
    (root / "ground_truth" / "anger" / "1.jpg").unlink()
    dataset = datasets.load("emotionroi", root=root)
    found = with_regions(dataset, threshold=0.7, progress=False)
    assert "regions" not in dataset.table and len(found) == len(dataset)
    for row in found.table.itertuples():
        if row.id == "anger/1.jpg":
            assert row.regions is None
            continue
        grey = np.asarray(images.read(row.map_path).convert("L"))
        assert row.regions == [tuple(box) for box in boxes_from_map(grey, 0.7).tolist()]
        assert row.regions
    assert found.subset("test").table["regions"].notna().all()


def test_regions_need_maps_as_large_as_the_photos(layout, fi_folder):
    with pytest.raises(DatasetError, match="fi has no stimuli maps"):
        with_regions(datasets.load("fi", root=fi_folder))
    root = layout("emotionroi")
    odd = root / "ground_truth" / "fear" / "2.jpg"
    Image.new("L", (30, 20), 200).save(odd)
    dataset = datasets.load("emotionroi", root=root)
    with pytest.raises(DatasetError, match=r"2\.jpg has \(30, 20\) pixels, its photo \(60, 40\)"):
        with_regions(dataset, progress=False)
    odd.write_bytes(b"no picture")
    with pytest.raises(images.ImageError, match=r"2\.jpg"):
        with_regions(dataset, progress=False)


def test_one_rectangle_gives_its_own_box():
    stimuli = np.zeros((40, 60))
    stimuli[5:15, 10:30] = 7
    assert boxes_from_map(stimuli).tolist() == [[10, 5, 30, 15]]
    assert boxes_from_map(stimuli).dtype == np.int64


def test_the_threshold_is_a_share_of_the_maximum():
    stimuli = np.zeros((40, 60))
    stimuli[5:25, 10:40] = 4
    stimuli[10:20, 20:30] = 10
    assert boxes_from_map(stimuli, 0.4).tolist() == [[10, 5, 40, 25]]
    assert boxes_from_map(stimuli, 0.41).tolist() == [[20, 10, 30, 20]]
    assert boxes_from_map(stimuli * 0.25, 0.4).tolist() == boxes_from_map(stimuli, 0.4).tolist()


def test_parts_connect_over_corners_small_ones_go_and_the_largest_comes_first():
    stimuli = np.zeros((100, 100))
    stimuli[0:5, 0:5] = stimuli[5:10, 5:10] = 1  # meet at a corner
    stimuli[40:70, 40:70] = 1
    stimuli[90:99, 90:99] = 1  # 81 of 10,000 pixels
    assert boxes_from_map(stimuli, min_area=0).tolist() == [
        [40, 40, 70, 70], [0, 0, 10, 10], [90, 90, 99, 99],
    ]  # fmt: skip
    assert boxes_from_map(stimuli, min_area=0.0081).tolist()[1:] == [[90, 90, 99, 99]]
    assert boxes_from_map(stimuli).tolist() == [[40, 40, 70, 70]]


def test_boxes_that_overlap_become_one():
    stimuli = np.zeros((50, 50))
    stimuli[0, 0:40] = stimuli[0:40, 0] = 1  # a hook
    stimuli[4:44, 4:44] = 1  # IoU of the boxes 36² / (2 · 40² - 36²) = .681
    assert boxes_from_map(stimuli).tolist() == [[0, 0, 44, 44]]
    apart = boxes_from_map(stimuli, merge_iou=0.69)
    assert apart.tolist() == [[0, 0, 40, 40], [4, 4, 44, 44]]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((0.3, 0.5, 0.7)))
def test_boxes_cover_every_large_part_and_stay_apart(seed, threshold):
    dice = np.random.default_rng(seed)
    stimuli = np.zeros((30, 40))
    for _ in range(15):
        x, y, w, h = dice.integers(0, 30, 4)
        stimuli[y : y + 1 + h, x : x + 1 + w] += 1
    boxes = boxes_from_map(stimuli, threshold, min_area=0)
    inside = np.zeros(stimuli.shape, dtype=bool)
    for x0, y0, x1, y1 in boxes:
        assert 0 <= x0 < x1 <= 40 and 0 <= y0 < y1 <= 30
        inside[y0:y1, x0:x1] = True
    assert inside[stimuli >= threshold * stimuli.max()].all()
    for a in boxes:
        for b in boxes:
            low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
            shared = np.maximum(high - low, 0).prod()
            total = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared
            assert a is b or shared / total <= 0.5 or (a == b).all()


def test_maps_without_stimuli_and_maps_that_are_none():
    assert boxes_from_map(np.zeros((4, 5))).shape == (0, 4)
    assert boxes_from_map(np.full((4, 5), 3, np.uint8)).tolist() == [[0, 0, 5, 4]]
    for bad in (np.zeros(4), np.zeros((0, 5)), np.zeros((4, 5, 3)), np.array([["a"]])):
        with pytest.raises(ValueError, match=r"numbers \(H, W\)"):
            boxes_from_map(bad)
    for bad in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="finite and not negative"):
            boxes_from_map(np.full((4, 5), bad))
    for options in ({"threshold": 0}, {"threshold": 50}, {"min_area": 1}, {"merge_iou": 2}):
        with pytest.raises(ValueError, match="threshold has to be in"):
            boxes_from_map(np.ones((4, 5)), **options)


def test_the_printed_counts_of_rapolu_are_transcribed_alike():
    table = results.reported("rapolu2023")
    theirs = table[(table["item"] == "Table 1") & (table["column"] == "E-ROI")]
    printed = theirs.dropna(subset="printed").set_index("row")["printed"].astype(int)
    ((_, counts),) = datasets.info("emotionroi").also_printed.items()
    as_printed = {"awe" if word == "surprise" else word: n for word, n in counts.items()}
    assert printed.drop("Total").rename(str.lower).to_dict() == as_printed
    assert printed["Total"] == sum(counts.values()) == 1650
