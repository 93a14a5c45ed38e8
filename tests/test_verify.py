"""Every fault of a copy is found, named, and counted."""

import hashlib
import json
import shutil

import pytest
from PIL import Image

from emobook.datasets import base
from emobook.datasets.lists import DatasetError, DatasetMissing
from emobook.datasets.verify import listing, verify


def check(root, **options):
    return verify("fi", root=root, progress=False, **options)


def test_a_good_copy_has_no_fault(fi_folder):
    report = check(fi_folder)
    assert report.ok and report.faults == []
    assert report.counts.loc["awe"].tolist() == [3, 3151, 3 - 3151]
    assert report.counts.loc["all"].tolist() == [24, 23308, 24 - 23308]
    assert report.notes == ["fewer images than were printed: all 24 of 23308"]
    text = report.to_text()
    assert "no fault" in text and "You et al. 2016, Table 2" in text and report.digest in text


def test_fewer_images_than_printed_are_a_fault_of_a_complete_copy(fi_folder):
    report = check(fi_folder, complete=True)
    assert not report.ok and "fewer images" in report.faults[0]
    assert "1 fault" in report.to_text()


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
    assert report.faults == ["2 files do not decode"]
    assert sorted(item.split(":")[0] for item in report.of("undecodable")) == [
        "Awe/awe0.jpg", "Fear/fear0.jpg",
    ]  # fmt: skip
    assert "FAULT: 2 files do not decode" in report.to_text()


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
    monkeypatch.setattr(base, "NAMES", ("fi", "oasis", "twitter_ldl"))
    monkeypatch.setenv("EMOBOOK_DATA", str(fi_folder.parent))
    (fi_folder.parent / "ldl").mkdir()
    (fi_folder.parent / "ldl" / "twitter_ldl_votes.txt").write_text("7.jpg 0 0 0 0 0 0 8 0\n")
    table = listing().set_index("name")
    assert table["present"].to_dict() == {
        "fi": "partly, 24 of 23308", "oasis": "no", "twitter_ldl": "labels only",
    }  # fmt: skip
    assert table["images"]["fi"] == 23308
    assert set(table.columns) == {"title", "images", "labels", "access", "licence", "present"}
    (fi_folder / "test.json").write_text("{}")
    assert listing().set_index("name")["present"]["fi"].startswith("faulty: ")


@pytest.mark.parametrize(("name", "found", "missing"), [("fi", 374, 0), ("oasis", 838, 62)])
def test_real_copies(real_data, name, found, missing):
    report = verify(name, root=real_data / name, progress=False)
    assert report.ok, report.to_text()
    assert report.counts.loc["all", "found"] == found and len(report.of("missing")) == missing
