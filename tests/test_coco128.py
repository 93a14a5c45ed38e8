"""COCO: boxes in both layouts, masks, damaged labels."""

import importlib.util
import json
from pathlib import Path

import pytest

from emobook import datasets
from emobook.datasets.lists import DatasetError, DatasetMissing

LABELS = "object_detection/labels"


@pytest.fixture
def folder(layout):
    return layout("coco128")


@pytest.fixture
def official(tmp_path):
    file = Path(__file__).parent / "layouts" / "coco128.py"
    spec = importlib.util.spec_from_file_location("layout_of_coco", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root = tmp_path / "official"
    root.mkdir()
    module.make_official(root)
    return root


def test_boxes_are_in_pixels_from_the_corner_and_inside(folder):
    dataset = datasets.load("coco128", root=folder)
    table = dataset.table.set_index("id")
    assert dataset.labels is None and dataset.ratings is None and dataset.classes is None
    first = table.loc["train2017/000000000009.jpg"]
    assert first["boxes"] == [("person", 10, 0, 30, 30), ("traffic light", 0, 0, 10, 15)]
    assert first["box_labels"] == ["person", "traffic light"]
    assert table.loc["train2017/000000000030.jpg", "boxes"] == []
    (cut,) = table.loc["val2017/000000000139.jpg", "boxes"]
    assert cut[0] == "person" and cut[3] == 40.0  # it was a little wider than the picture
    assert cut[1:3] == pytest.approx((32, 7.5), abs=1e-4)
    masks = table["mask_path"].map(lambda mask: mask is not None)
    assert masks.tolist() == [True, False, True, False, True]
    assert Path(table["mask_path"].iloc[0]).name == "000000000009.png"


def test_the_published_validation_part_is_the_test(folder):
    table = datasets.load("coco128", root=folder).table
    parts = table["id"].str.split("/").str[0]
    assert set(table.loc[parts == "val2017", "split"]) == {"test"}
    assert set(table.loc[parts == "train2017", "split"]) <= {"train", "val"}


def test_both_layouts_say_the_same(folder, official):
    ours, theirs = (datasets.load("coco128", root=root).table for root in (folder, official))
    assert ours["id"].tolist() == theirs["id"].tolist()
    assert ours["split"].tolist() == theirs["split"].tolist()
    assert ours["box_labels"].tolist() == theirs["box_labels"].tolist()
    for a, b in zip(ours["boxes"].sum(), theirs["boxes"].sum(), strict=True):
        assert a[1:] == pytest.approx(b[1:])
    assert theirs["mask_path"].tolist() == [None] * 5
    (official / "images").mkdir()
    for part in ("train2017", "val2017"):
        (official / part).rename(official / "images" / part)
    moved = datasets.load("coco128", root=official)
    assert moved.table["id"].tolist() == ours["id"].tolist() and moved.image(0).size == (40, 30)


def test_a_photo_without_labels_has_no_objects_and_labels_without_a_photo_are_absent(folder):
    (folder / LABELS / "train2017/000000000009.txt").unlink()
    (folder / "images/val2017/000000000285.jpg").unlink()
    dataset = datasets.load("coco128", root=folder)
    assert dataset.table["boxes"].iloc[0] == []
    assert dataset.absent == ("val2017/000000000285.jpg",) and len(dataset) == 4


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.5", "line 2: expected one of 3 classes and four numbers"),
        ("0 0.5 0.5 0.5 0.5 0.9", "line 2: expected one of 3"),
        ("3 0.5 0.5 0.5 0.5", "line 2: expected one of 3"),
        ("person 0.5 0.5 0.5 0.5", "line 2: expected one of 3"),
        ("0 0.5 0.5 0.5 x", "line 2: expected one of 3"),
        ("0 320 240 100 100", "line 2: centre and size have to be shares"),
        ("0 0.5 0.5 -0.1 0.5", "line 2: centre and size"),
        ("0 nan 0.5 0.1 0.5", "line 2: centre and size"),
    ],
)
def test_a_line_that_is_no_box_costs_its_photo(folder, line, message):
    file = folder / LABELS / "train2017/000000000009.txt"
    file.write_text(f"0 0.5 0.5 0.5 1\n{line}\n")
    with pytest.raises(DatasetError, match=rf"000000000009\.txt, {message}"):
        datasets.load("coco128", root=folder)
    with pytest.warns(UserWarning, match="1 images left out"):
        dataset = datasets.load("coco128", root=folder, on_error="drop")
    assert "train2017/000000000009.jpg" not in set(dataset.table["id"]) and len(dataset) == 4


def test_a_box_without_area_is_left_out(folder):
    (folder / LABELS / "train2017/000000000009.txt").write_text("0 0.5 0.5 0 1\n1 0.5 0.5 1 1\n")
    assert datasets.load("coco128", root=folder).table["box_labels"].iloc[0] == ["bicycle"]


def test_a_photo_without_a_head_is_dropped(folder):
    (folder / "images/train2017/000000000009.jpg").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"000000000009\.jpg \(its head is not that of an image"):
        datasets.load("coco128", root=folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("names:\n  0: person\n 1: [", r"config\.yaml, line \d: no YAML"),
        ("path: .\n", "has no names of classes"),
        ("- person\n", "has no names of classes"),
        ("names: person\n", "names have to be a list, or numbers"),
        ("names:\n  person: 0\n", "names have to be"),
        ("names: {0: [1]}\n", "names have to be"),
        ("names: !!python/object/apply:os.system ['true']\n", r"config\.yaml, line 1: no YAML"),
    ],
)
def test_class_names_of_another_form_are_refused(folder, text, message):
    (folder / "config.yaml").write_text(text)
    with pytest.raises(DatasetError, match=message):
        datasets.load("coco128", root=folder)


def test_class_names_may_be_a_list_and_lie_beside_the_labels(folder):
    (folder / "config.yaml").unlink()
    file = folder / "object_detection" / "config.yaml"
    file.write_text("names: [a, b, c]\n")
    assert datasets.load("coco128", root=folder).table["box_labels"].iloc[0] == ["a", "c"]
    file.unlink()
    with pytest.raises(DatasetMissing, match=r"config\.yaml cannot be read"):
        datasets.load("coco128", root=folder)


def test_crowds_and_boxes_without_area_are_left_out_and_the_rest_is_cut(official):
    path = official / "annotations" / "instances_val2017.json"
    content = json.loads(path.read_text())
    mark = {"image_id": 139, "category_id": 10, "iscrowd": 0}
    content["annotations"] = [
        {**mark, "bbox": [-5, 1, 10, 100]},
        {**mark, "bbox": [3, 3, 0, 5]},
        {**mark, "bbox": [50, 3, 5, 5]},
        {**mark, "bbox": [1, 1, 5, 5], "iscrowd": 1},
    ]
    path.write_text(json.dumps(content))
    table = datasets.load("coco128", root=official).table.set_index("id")
    assert table.loc["val2017/000000000139.jpg", "boxes"] == [("traffic light", 0, 1, 5, 30)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["annotations"][0].update(image_id=7), "annotation 1 is no box of a listed"),
        (lambda c: c["annotations"][1].update(category_id=7), "annotation 2 is no box"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, 3]), "annotation 1 is no box"),
        (lambda c: c["annotations"][0].update(bbox=[1, 2, -3, 4]), "annotation 1 is no box"),
        (lambda c: c["annotations"][0].pop("bbox"), "annotation 1 is no box"),
        (lambda c: c["annotations"].insert(0, 5), "annotation 1 is no box"),
        (lambda c: c["images"][0].update(file_name="../a.jpg"), r"'\.\./a\.jpg' is no file name"),
        (lambda c: c["images"].append(dict(c["images"][0])), "lists a photo twice"),
        (lambda c: c["images"][0].pop("width"), "lacks COCO's categories, images"),
        (lambda c: c["images"][0].update(width=10**400), "lacks COCO's categories, images"),
        (lambda c: c["images"][0].update(height=-5), "lacks COCO's categories, images"),
        (lambda c: c["images"][0].update(width=float("nan")), "lacks COCO's categories, images"),
        (lambda c: c.pop("categories"), "lacks COCO's categories"),
    ],
)
def test_a_list_of_another_form_is_refused(official, change, message):
    path = official / "annotations" / "instances_train2017.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=rf"instances_train2017\.json.*{message}"):
        datasets.load("coco128", root=official)


def test_a_list_that_is_no_json_is_refused_with_its_line(official):
    path = official / "annotations" / "instances_train2017.json"
    path.write_text('{"images":\n [}')
    with pytest.raises(DatasetError, match=r"instances_train2017\.json, line 2: no JSON"):
        datasets.load("coco128", root=official)


def test_a_folder_without_labels_is_missing(tmp_path):
    with pytest.raises(DatasetMissing, match=r"has labels.*object_detection/labels"):
        datasets.load("coco128", root=tmp_path)


def test_real_photos(real_data):
    dataset = datasets.load("coco128", root=real_data / "coco128")
    table = dataset.table
    assert len(dataset) == 256 and table["mask_path"].notna().sum() == 200
    assert (table["split"] == "test").sum() == 128
    assert [name[-8:-4] for name in dataset.absent] == ["0656", "0659"]
    bare = table.loc[table["boxes"].map(len) == 0, "id"]
    assert [name[-8:-4] for name in bare] == ["0250", "0508"]
    assert table["boxes"].map(len).sum() == 1827
    for row in range(0, 256, 50):
        width, height = dataset.image(row).size
        for _, x0, y0, x1, y1 in table["boxes"].iloc[row]:
            assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
