"""EmoSet-118K: order of the classes, published split, size, bad lists."""

import json
import time

import pytest

from emobook import datasets
from emobook.datasets import emoset
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.emotions import MIKELS8


def edit(root, split, change):
    path = root / f"{split}.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_classes_are_in_the_order_of_mikels_eight(layout):
    root = layout("emoset")
    dataset = datasets.load("emoset", root=root)
    assert dataset.classes == MIKELS8 and dataset.counts().tolist() == [3] * 8
    theirs = json.loads((root / "info.json").read_text())["emotion"]["label2idx"]
    assert theirs["anger"] != MIKELS8.index("anger")
    for name, label in zip(dataset.table["id"], dataset.labels, strict=True):
        assert name.split("_")[0] == MIKELS8[label]
    assert dataset.table["annotation"][0] == str(
        root / "annotation" / "amusement" / "amusement_00001.json"
    )


def test_the_split_is_the_published_one(layout):
    root = layout("emoset")
    for number, split in enumerate(("train", "val", "test"), 1):
        part = datasets.load("emoset", root=root, split=split)
        assert len(part) == 8 and part.table["id"].str.endswith(f"_0000{number}").all()


def test_entries_of_four_parts_are_read_too(layout):
    root = layout("emoset")
    before = datasets.load("emoset", root=root)
    edit(root, "train", lambda entries: [[e[0], "an id", *e[1:]] for e in entries])
    after = datasets.load("emoset", root=root)
    assert after.table["path"].tolist() == before.table["path"].tolist()


def test_a_label_against_its_folder_and_a_second_entry_are_left_out(layout):
    root = layout("emoset")
    edit(root, "val", lambda entries: [["fear", *entries[0][1:]], *entries[1:]])
    edit(root, "test", lambda entries: [*entries, entries[0]])
    with pytest.raises(DatasetError, match="labelled fear, its folder is amusement"):
        datasets.load("emoset", root=root)
    with pytest.warns(UserWarning, match="2 images left out"):
        dataset = datasets.load("emoset", root=root, on_error="drop")
    assert len(dataset) == 23 and "listed twice, in test and test" in dataset.dropped[1][1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "has to be a list"),
        ('[["fear", "image/fear/a.jpg"]]', "entry 0 is .*, not"),
        ('[["fear", "image/fear/a.jpg", 3]]', "entry 0 is .*, not"),
        ('["fear"]', "entry 0 is 'fear', not"),
        ('[["joy", "image/joy/a.jpg", "a.json"]]', "entry 0 is labelled 'joy', which is none of"),
        ('[["fear", "a.jpg", "a.json"]]', "entry 0 names .*, not an image in a class folder"),
        ('[["fear", "image/../../a.jpg", "a.json"]]', "entry 0 names"),
        ('[["fear", "/etc/fear/a.jpg", "a.json"]]', "entry 0 names"),
        ('[["fear", "image/fear/a.jpg", "../a.json"]]', "entry 0 names"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_a_bad_list_is_refused_in_one_sentence(layout, text, message):
    root = layout("emoset")
    (root / "val.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("emoset", root=root)
    assert "val.json" in str(error.value) and len(str(error.value)) < 500


def test_all_three_lists_are_needed_and_have_to_name_something(layout):
    root = layout("emoset")
    edit(root, "test", lambda entries: [])
    with pytest.raises(DatasetError, match=r"test\.json has to be a list such as"):
        datasets.load("emoset", root=root)
    (root / "test.json").unlink()
    with pytest.raises(DatasetMissing, match=r"test\.json cannot be read"):
        datasets.load("emoset", root=root)


def test_lists_of_the_real_size_load_in_seconds(layout):
    root = layout("emoset")
    sizes = {"train": 94481, "val": 5905, "test": 17716}
    for split, size in sizes.items():
        entries = []
        for i in range(size):
            name = MIKELS8[i % 8]
            stem = f"{name}/{name}_{split}{i:05d}"
            entries.append([name, f"image/{stem}.jpg", f"annotation/{stem}.json"])
        entries[0] = json.loads((root / f"{split}.json").read_text())[0]
        (root / f"{split}.json").write_text(json.dumps(entries))
    start = time.perf_counter()
    dataset = emoset.load(root)
    assert time.perf_counter() - start < 8
    assert len(dataset) == 3 and len(dataset.absent) == emoset.INFO.images - 3
