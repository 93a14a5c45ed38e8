"""ADE20K: photos with masks in both layouts, names of classes, shares of the area."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emobook import datasets
from emobook.datasets import ade20k
from emobook.datasets.lists import DatasetError, DatasetMissing


@pytest.fixture
def folder(layout):
    return layout("ade20k")


@pytest.fixture
def made():
    file = Path(__file__).parent / "layouts" / "ade20k.py"
    spec = importlib.util.spec_from_file_location("layout_of_scenes", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_photos_come_with_their_masks(folder):
    dataset = datasets.load("ade20k", root=folder)
    table = dataset.table
    assert dataset.labels is None and dataset.ratings is None and len(dataset) == 5
    for path, mask in zip(dataset.paths, table["mask_path"], strict=True):
        assert Path(path).stem == Path(mask).stem and Image.open(mask).size == (24, 18)
        assert Path(path).parent.name == Path(mask).parent.name
    held_out = table["id"].str.startswith("ADE_val")
    assert set(table.loc[held_out, "split"]) == {"test"}
    assert set(table.loc[~held_out, "split"]) <= {"train", "val"}


def test_the_archive_may_lie_in_its_own_folder(tmp_path, made):
    root = tmp_path / "ade20k"
    (root / "ADEChallengeData2016").mkdir(parents=True)
    made.make(root / "ADEChallengeData2016")
    assert len(datasets.load("ade20k", root=root)) == 5
    assert ade20k.class_names(root)[149] == "thing 150, synonym 150"


def test_the_sample_is_read_and_is_not_counted_twice(tmp_path, made):
    made.make_sample(tmp_path)
    assert ade20k.class_names(tmp_path)[0] == "thing 1;synonym 1"
    sample = datasets.load("ade20k", root=tmp_path)
    assert sample.table["split"].tolist() == ["test", "test"]
    made.make(tmp_path)
    assert ade20k.class_names(tmp_path)[0] == "thing 1, synonym 1"
    both = datasets.load("ade20k", root=tmp_path)
    assert len(both) == 5 and not any("sampleData" in path for path in both.paths)


def test_a_mask_without_a_photo_is_absent_and_a_photo_without_a_mask_is_dropped(folder):
    (folder / "images/training/ADE_train_00000001.jpg").unlink()
    assert datasets.load("ade20k", root=folder).absent == ("ADE_train_00000001.jpg",)
    (folder / "annotations/validation/ADE_val_00000002.png").unlink()
    with pytest.raises(DatasetError, match=r"ADE_val_00000002\.jpg \(there is no mask .*2\.png\)"):
        datasets.load("ade20k", root=folder)


def test_a_folder_without_masks_is_missing(tmp_path):
    with pytest.raises(DatasetMissing, match=r"there are no masks.*sampleData"):
        datasets.load("ade20k", root=tmp_path)


def test_shares_are_of_all_pixels(folder):
    dataset = datasets.load("ade20k", root=folder)
    mask = dataset.table["mask_path"].iloc[0]
    names = ade20k.class_names(folder)
    shares = dict(zip(names, ade20k.area_shares(mask), strict=True))
    assert {name: share for name, share in shares.items() if share} == {
        "thing 3, synonym 3": 0.5, "thing 150, synonym 150": 0.25,
    }  # fmt: skip
    with Image.open(mask) as image:
        for same in (image, np.asarray(image), np.asarray(image).astype(np.int64)):
            np.testing.assert_array_equal(ade20k.area_shares(same), list(shares.values()))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.full((2, 2), 151), "goes from 151 to 151"),
        (np.full((2, 2), -1), "goes from -1"),
        (np.zeros((2, 2)), r"not float64 \(2, 2\)"),
        (np.zeros((2, 2, 3), dtype=np.uint8), r"not uint8 \(2, 2, 3\)"),
        (np.zeros((0, 2), dtype=np.uint8), r"not uint8 \(0, 2\)"),
    ],
)
def test_another_mask_is_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        ade20k.area_shares(mask)


def test_a_file_that_is_no_mask_is_named(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG")
    with pytest.raises(DatasetError, match=r"a\.png cannot be read"):
        ade20k.area_shares(path)
    Image.new("RGB", (3, 3)).save(path)
    with pytest.raises(ValueError, match=r"a\.png has to be \(H, W\)"):
        ade20k.area_shares(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("\n7\t", "\n8\t"), "line 8: expected class 7"),
        (lambda text: text.replace("\n7\t0.0100", "\n7"), "line 8: expected Idx"),
        (lambda text: text.replace("Name", "Names"), "line 2: expected Idx"),
        (lambda text: text.rpartition("150\t0")[0], "has 149 classes, not 150"),
        (lambda text: "", "has 0 classes"),
    ],
)
def test_a_list_of_classes_of_another_form_is_refused(folder, change, message):
    path = folder / "objectInfo150.txt"
    path.write_text(change(path.read_text()))
    with pytest.raises(DatasetError, match=rf"objectInfo150\.txt.*{message}"):
        ade20k.class_names(folder)
    path.unlink()
    with pytest.raises(DatasetMissing, match="cannot be read"):
        ade20k.class_names(folder)


def test_real_masks(real_data):
    root = real_data / "ade20k"
    dataset = datasets.load("ade20k", root=root)
    names = ade20k.class_names(root)
    assert len(dataset) == 3 and len(set(names)) == 150
    assert names[:3] == ("wall", "building;edifice", "sky") and names[149] == "flag"
    for i, mask in enumerate(dataset.table["mask_path"]):
        pixels = np.asarray(Image.open(mask))
        assert pixels.shape[::-1] == dataset.image(i).size
        shares = ade20k.area_shares(mask)
        assert shares.shape == (150,) and shares[2] == (pixels == 3).mean()
        assert shares.sum() == pytest.approx(1 - (pixels == 0).mean())
