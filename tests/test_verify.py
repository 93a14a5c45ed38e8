"""Every fault of a copy is found, named, and counted."""

import dataclasses
import hashlib
import json
import shutil

import pytest
import skimage.data
from PIL import Image

from emobook.datasets import base, fi, synthetic
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.datasets.tables import TABLES
from emobook.datasets.verify import listing, verify
from emobook.emotions import MIKELS8


def check(root, **options):
    return verify("fi", root=root, progress=False, **options)


def test_a_good_copy_has_no_fault(fi_folder):
    report = check(fi_folder)
    assert report.ok and report.faults == []
    assert report.counts.loc["awe"].tolist() == [3, 3, 3151, 3 - 3151]
    assert report.counts.loc["all"].tolist() == [24, 24, 23308, 24 - 23308]
    assert report.notes == [
        "other numbers than expected (You et al. 2016, Table 2): 24 for 23308 images, "
        "8 classes differ"
    ]
    assert "awe: 3 for 3151" in report.of("counts")
    text = report.to_text()
    assert "no fault" in text and "You et al. 2016, Table 2" in text and report.digest in text


def printed(monkeypatch, expected: dict, also_printed=None):
    """Pretend that FI was printed with these numbers; classes without one have three images."""
    numbers = [{**dict.fromkeys(MIKELS8, 3), **e} for e in (expected, also_printed or {})]
    info = dataclasses.replace(
        fi.INFO,
        expected=numbers[0],
        images=sum(numbers[0].values()),
        also_printed={"the other paper": numbers[1]} if also_printed is not None else {},
    )
    monkeypatch.setattr(fi, "INFO", info)


def test_wrong_numbers_are_a_fault_of_a_complete_copy(fi_folder, monkeypatch):
    printed(monkeypatch, {"awe": 2, "fear": 4})
    assert check(fi_folder).ok
    report = check(fi_folder, complete=True)
    assert report.faults == [
        "other numbers than expected (You et al. 2016, Table 2): 2 classes differ"
    ]
    assert report.of("counts") == ("awe: 3 for 2", "fear: 3 for 4")
    assert "1 fault" in report.to_text()
    printed(monkeypatch, {})
    assert check(fi_folder, complete=True).findings == ()


def test_numbers_that_another_paper_prints_are_named(fi_folder, monkeypatch):
    printed(monkeypatch, {"awe": 9}, also_printed={})
    report = check(fi_folder, complete=True)
    assert report.ok and report.notes[0].endswith("; they are those of the other paper")
    printed(monkeypatch, {"awe": 9}, also_printed={"fear": 2})
    assert not check(fi_folder, complete=True).ok


def test_the_manifest_holds_the_hash_of_every_list_and_image(fi_folder):
    report = check(fi_folder)
    assert len(report.manifest) == 26
    content = (fi_folder / "Awe" / "awe0.jpg").read_bytes()
    assert report.manifest["Awe/awe0.jpg"] == hashlib.sha256(content).hexdigest()
    assert check(fi_folder).digest == report.digest
    (fi_folder / "train.json").write_text((fi_folder / "train.json").read_text() + "\n")
    assert check(fi_folder).digest != report.digest


def test_files_that_do_not_decode(fi_folder):
    (fi_folder / "Awe" / "awe0.jpg").write_bytes(b"no image")
    whole = (fi_folder / "Fear" / "fear0.jpg").read_bytes()
    (fi_folder / "Fear" / "fear0.jpg").write_bytes(whole[: len(whole) // 2])
    report = check(fi_folder)
    assert report.faults == ["2 files cannot be decoded"]
    assert sorted(item.split(":")[0] for item in report.of("undecodable")) == [
        "Awe/awe0.jpg", "Fear/fear0.jpg",
    ]  # fmt: skip
    assert "FAULT: 2 files cannot be decoded" in report.to_text()


def test_missing_unlisted_and_unusable_images(fi_folder, write_photo):
    (fi_folder / "Awe" / "awe0.jpg").unlink()
    (fi_folder / "Awe" / "awe1.jpg").write_bytes(b"")
    write_photo(fi_folder / "Awe" / "more.JPG", seed=99, format="JPEG")
    write_photo(fi_folder / "elsewhere" / "more.png", seed=98)
    (fi_folder / "Awe" / "notes.txt").write_text("no image")
    entries = json.loads((fi_folder / "test.json").read_text())
    entries[0][1] = 7
    (fi_folder / "test.json").write_text(json.dumps(entries))
    report = check(fi_folder)
    assert report.of("missing") == ("Awe/awe0.jpg",)
    assert report.of("unlisted") == ("Awe/more.JPG", "elsewhere/more.png")
    unusable = report.of("unusable")
    assert len(unusable) == 2 and "an empty file" in unusable[1]
    assert "label 7 is sadness, its folder is Amusement" in unusable[0]
    assert len(report.faults) == 2, "unlisted images are a note"


def test_equal_images_by_class_and_split(fi_folder):
    # a copy in the same class, one in another class, one in another split
    shutil.copy(fi_folder / "Awe" / "awe0.jpg", fi_folder / "Awe" / "awe1.jpg")
    shutil.copy(fi_folder / "Fear" / "fear0.jpg", fi_folder / "Anger" / "anger0.jpg")
    shutil.copy(fi_folder / "Disgust" / "disgust0.jpg", fi_folder / "Disgust" / "disgust2.jpg")
    report = check(fi_folder)
    assert report.of("duplicate") == ("Awe/awe0.jpg = Awe/awe1.jpg",)
    assert report.of("duplicate across classes") == ("Anger/anger0.jpg = Fear/fear0.jpg",)
    assert report.of("duplicate across splits") == (
        "Disgust/disgust0.jpg = Disgust/disgust2.jpg",
    )  # fmt: skip
    assert len(report.faults) == 3


def test_equal_pixels_in_other_bytes_are_found(fi_folder):
    # the same compressed pixels with another comment in the header
    content = (fi_folder / "Awe" / "awe0.jpg").read_bytes()
    comment = b"\xff\xfe\x00\x07hello"
    (fi_folder / "Fear" / "fear0.jpg").write_bytes(content[:2] + comment + content[2:])
    assert check(fi_folder).of("duplicate across classes") == ("Awe/awe0.jpg = Fear/fear0.jpg",)


def test_pictures_that_only_look_alike_when_small_are_not_equal(fi_folder):
    for name, side in (("Awe/awe0.jpg", 64), ("Fear/fear0.jpg", 128)):
        Image.new("RGB", (side, side), "grey").save(fi_folder / name)
    assert check(fi_folder).ok


def test_placeholders(fi_folder):
    names = ["Awe/awe0.jpg", "Awe/awe2.jpg", "Fear/fear0.jpg", "Sadness/sadness1.jpg"]
    for name in names[1:]:
        shutil.copy(fi_folder / names[0], fi_folder / name)
    report = check(fi_folder)
    (group,) = report.of("placeholder")
    assert sorted(group.split(" = ")) == names
    assert len(report.faults) == 1, "they are not reported as duplicates again"


def test_long_lists_are_cut_on_request(fi_folder):
    for photo in (fi_folder / "Awe").iterdir():
        photo.unlink()
    report = check(fi_folder)
    assert "… and 2 more" in report.to_text(limit=1)
    assert "more" not in report.to_text(limit=None).split("missing")[-1].split("FAULT")[-1]


def test_a_copy_that_cannot_be_read_raises(fi_folder, tmp_path):
    with pytest.raises(DatasetMissing):
        check(tmp_path / "nowhere")
    (fi_folder / "test.json").write_text("{}")
    with pytest.raises(DatasetError, match="has to be a list"):
        check(fi_folder)
    with pytest.raises(DatasetError, match="did you mean 'fi'"):
        verify("fii")


def test_photos_that_a_set_may_lack_are_a_note(tmp_path):
    (tmp_path / "twitter_ldl_votes.txt").write_text("7.jpg 0 0 0 0 0 0 8 0\n")
    report = verify("twitter_ldl", root=tmp_path, progress=False)
    assert report.ok and report.of("missing") == ("7.jpg",)
    assert list(report.manifest) == ["twitter_ldl_votes.txt"]
    assert not verify("twitter_ldl", root=tmp_path, complete=True, progress=False).ok


def test_listing_says_what_is_present(fi_folder, monkeypatch):
    monkeypatch.setattr(base, "NAMES", ("synthetic", "fi", "oasis", "twitter_ldl"))
    monkeypatch.setenv("EMOBOOK_DATA", str(fi_folder.parent))
    (fi_folder.parent / "ldl").mkdir()
    (fi_folder.parent / "ldl" / "twitter_ldl_votes.txt").write_text("7.jpg 0 0 0 0 0 0 8 0\n")
    table = listing().set_index("name")
    assert table["present"].to_dict() == {
        "synthetic": "yes", "fi": "partly, 24 of 23308", "oasis": "no",
        "twitter_ldl": "labels only", **dict.fromkeys(TABLES, "no"),
    }  # fmt: skip
    assert table["images"]["fi"] == 23308
    assert set(table.columns) == {"title", "images", "labels", "access", "licence", "present"}
    (fi_folder / "test.json").write_text("{}")
    assert listing().set_index("name")["present"]["fi"].startswith("faulty: ")

    def closed(info, *_, **__):
        raise PermissionError(13, "Permission denied", info.name)

    monkeypatch.setattr(fi, "folder_of", closed)
    faulty = listing().set_index("name")["present"]["fi"]
    assert faulty == "faulty: fi cannot be read (Permission denied)"


@pytest.fixture
def photo_folder(fi_folder):
    """The same with photos in place of noise in two classes, for hashes of what they show."""
    for name, photo in (("Awe/awe0", skimage.data.astronaut()), ("Fear/fear0", skimage.data.cat())):
        Image.fromarray(photo).save(fi_folder / f"{name}.jpg", quality=95)
    return fi_folder


def test_copies_that_are_not_equal_are_a_note(photo_folder):
    first = Image.open(photo_folder / "Awe" / "awe0.jpg")
    second = Image.open(photo_folder / "Fear" / "fear0.jpg")
    first.resize((256, 256)).save(photo_folder / "Awe" / "awe1.jpg", quality=60)
    first.convert("L").save(photo_folder / "Anger" / "anger0.jpg", quality=40)
    second.resize((300, 200)).save(photo_folder / "Fear" / "fear2.jpg", quality=80)
    report = check(photo_folder)
    assert report.ok, "a hash may be wrong"
    (three,) = report.of("near-duplicate across classes")
    assert three.startswith("Anger/anger0.jpg ~ Awe/awe0.jpg ~ Awe/awe1.jpg (up to ")
    (two,) = report.of("near-duplicate across splits")
    assert two.startswith("Fear/fear0.jpg ~ Fear/fear2.jpg (") and two.endswith(" bits)")
    assert not report.of("near-duplicate") and not report.of("duplicate")
    assert "1 picture in several splits, as it seems" in report.notes


def test_equal_images_are_not_reported_again_as_near(photo_folder):
    shutil.copy(photo_folder / "Awe" / "awe0.jpg", photo_folder / "Awe" / "awe1.jpg")
    report = check(photo_folder)
    assert report.of("duplicate") and not report.of("near-duplicate")
    # a third that is only near joins both
    Image.open(photo_folder / "Awe" / "awe0.jpg").save(photo_folder / "Awe/awe2.jpg", quality=50)
    (text,) = check(photo_folder).of("near-duplicate across splits")
    assert text.startswith("Awe/awe0.jpg ~ Awe/awe1.jpg ~ Awe/awe2.jpg (up to ")


def test_plain_pictures_and_placeholders_are_near_to_nothing(photo_folder):
    for name, colour in (("Awe/awe1", "red"), ("Fear/fear1", "navy"), ("Anger/anger1", "white")):
        Image.new("RGB", (90, 60), colour).save(photo_folder / f"{name}.jpg")
    for name in ("Disgust/disgust0", "Disgust/disgust1", "Anger/anger0", "Sadness/sadness0"):
        shutil.copy(photo_folder / "Awe" / "awe0.jpg", photo_folder / f"{name}.jpg")
    report = check(photo_folder)
    assert report.of("placeholder")
    assert not any(f.kind.startswith("near") for f in report.findings)


def test_drawn_scenes_may_look_alike(monkeypatch, clean_cache):
    load = synthetic.load
    monkeypatch.setattr(synthetic, "load", lambda root=None: load(n=24))
    monkeypatch.setattr("emobook.datasets.checks.near_groups", None)
    assert verify("synthetic", progress=False).ok


def test_a_list_without_photos_is_checked_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "lists").mkdir(parents=True)
    table = tmp_path / "data" / "lists" / "twitter1_at_least_three_agree.csv"
    table.write_text("name,gt\na.jpg,1\nb.jpg,0\nc.jpg,1\n")
    report = verify("twitter1", progress=False)
    assert report.labels_only and report.ok
    assert list(report.manifest) == [f"../lists/{table.name}"]
    assert report.of("missing") == ("a.jpg", "b.jpg", "c.jpg")
    assert report.counts.loc["positive"].tolist() == [2, 0, 769, 2 - 769]
    assert f"labels only: ../lists/{table.name}" in report.to_text()
    assert not verify("twitter1", complete=True, progress=False).ok
    assert listing().set_index("name")["present"]["twitter1"] == "labels only"


def test_options_of_a_set(fi_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path / "data"))
    for split in ("train", "test"):
        (fi_folder / f"{split}.json").rename(fi_folder / f"fi_ser30k_{split}.json")
    with pytest.raises(DatasetMissing):
        check(fi_folder)
    report = check(fi_folder, split_list="ser30k")
    assert report.ok and "fi_ser30k_train.json" in report.manifest
    with pytest.raises(DatasetError, match="did you mean 'split_list'"):
        check(fi_folder, split_lists="ser30k")


def test_masks_are_no_unlisted_images(layout):
    assert not verify("coco128", root=layout("coco128"), progress=False).of("unlisted")


def test_tables(real_data, tmp_path):
    report = verify("paintings", root=real_data / "ldl")
    assert report.ok and report.counts["found"].to_dict() == {"rows": 280, "columns": 142}
    content = (real_data / "ldl" / "Painting.mat").read_bytes()
    assert report.manifest == {"Painting.mat": hashlib.sha256(content).hexdigest()}
    (tmp_path / "Painting.mat").write_bytes(content[:5000])
    with pytest.raises(DatasetError, match=r"Painting\.mat"):
        verify("paintings", root=tmp_path)


@pytest.mark.parametrize(
    ("name", "listed"),
    [("artphoto", 806), ("abstract", 229), ("twitter1", 1269), ("flickr_ldl", 11150)],
)
def test_real_lists(real_data, monkeypatch, name, listed):
    monkeypatch.setenv("EMOBOOK_DATA", str(real_data))
    report = verify(name, progress=False)
    assert report.ok and report.counts.loc["all", "listed"] == listed


def test_real_photos_that_are_two_of_one_scene(real_data):
    report = verify("oasis", root=real_data / "oasis", progress=False)
    assert report.of("near-duplicate") == ("images/Couple 2.jpg ~ images/Couple 9.jpg (6 bits)",)
    assert not report.of("near-duplicate across splits")


@pytest.mark.parametrize(("name", "found", "missing"), [("fi", 374, 0), ("oasis", 838, 62)])
def test_real_copies(real_data, name, found, missing):
    report = verify(name, root=real_data / name, progress=False)
    assert report.ok, report.to_text()
    assert report.counts.loc["all", "found"] == found and len(report.of("missing")) == missing
