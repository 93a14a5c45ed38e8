"""Twitter I and II: lists of the authors and public ones, agreement, partitions, bad lists."""

import shutil

import pytest

from emobook import datasets
from emobook.datasets import twitter1, twitter2
from emobook.datasets.lists import DatasetError, DatasetMissing

NEVER = "271766826_463997811835416577_BnByuNpCIAA_muB.jpg"  # 3 of 5 said positive


@pytest.fixture(autouse=True)
def _apart_from_real_lists(monkeypatch):
    monkeypatch.delenv("EMOBOOK_DATA", raising=False)


def test_the_three_lists_give_the_votes(layout):
    dataset = datasets.load("twitter1", root=layout("twitter1"))
    assert dataset.classes == ("negative", "positive") and dataset.absent == ()
    assert dataset.labels.tolist() == [0, 1, 1, 1, 0, 0]
    assert dataset.votes.tolist() == [[5, 0], [0, 5], [1, 4], [2, 3], [4, 1], [3, 2]]
    assert dataset.table["p"].tolist() == [1, 1, 0.8, 0.6, 0.8, 0.6]
    assert dataset.two_class().labels.tolist() == dataset.labels.tolist()
    assert dataset.table["group"].nunique() == 5  # one account has two of the six photos
    assert dataset.table["group"][1] == dataset.table["group"][2] == "335474806"


@pytest.mark.parametrize(("agreement", "most"), [(4, [5, 5, 4, 4]), (5, [5, 5])])
def test_more_agreement_is_fewer_photos(layout, agreement, most):
    dataset = datasets.load("twitter1", root=layout("twitter1"), agreement=agreement)
    assert dataset.votes.max(axis=1).tolist() == most and (dataset.votes.sum(axis=1) == 5).all()
    assert dataset.absent == ()


def test_one_list_alone_says_nothing_of_votes(layout):
    root = layout("twitter1")
    (root / "twitter_five_agrees.txt").unlink()
    dataset = datasets.load("twitter1", root=root)
    assert dataset.votes is None and "p" not in dataset.table and len(dataset) == 6
    with pytest.raises(DatasetMissing, match=r"there is no twitter_five_agrees\.txt or"):
        datasets.load("twitter1", root=root, agreement=5)


def test_a_public_list_needs_no_photos(tmp_path, monkeypatch):
    (tmp_path / "lists").mkdir()
    public = tmp_path / "lists" / "twitter1_at_least_three_agree.csv"
    public.write_text('name,gt,gpt4v\na.jpg,negative,\nb.jpg,positive,"negative,positive"\n')
    monkeypatch.setenv("EMOBOOK_DATA", str(tmp_path))
    with pytest.raises(DatasetMissing, match="there is no folder"):
        datasets.load("twitter1")
    (tmp_path / "twitter1").mkdir()
    with pytest.raises(DatasetMissing, match="none of the 2 images"):
        datasets.load("twitter1")
    dataset = datasets.load("twitter1", keep_absent=True)
    assert dataset.labels.tolist() == [0, 1] and dataset.absent == ("a.jpg", "b.jpg")
    with pytest.raises(DatasetError, match=r"a\.jpg is listed without a file"):
        dataset.image(0)


@pytest.mark.parametrize("agreement", [2, 6, "3", None])
def test_agreement_of_another_number_is_refused(layout, agreement):
    with pytest.raises(DatasetError, match="has to be 3, 4 or 5"):
        datasets.load("twitter1", root=layout("twitter1"), agreement=agreement)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (f"{NEVER} 1", f"{NEVER} is positive, but .*four_agrees.txt does not list it"),
        ("288005267_463613689107468288_Bm77eK8CIAAdKjk.jpg 1", "is positive, but .* says negative"),
    ],
)
def test_lists_that_contradict_each_other_are_refused(layout, change, message):
    root = layout("twitter1")
    (root / "twitter_five_agrees.txt").write_text(change + "\n")
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("twitter1", root=root, agreement=4)
    assert "twitter_five_agrees.txt" in str(error.value)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("txt", "a.jpg 1\nb.jpg\n", r"line 2: the label of b\.jpg is '', not"),
        ("txt", "a.jpg 1\n\nb.jpg 2\n", r"line 3: the label of b\.jpg is '2', not"),
        ("txt", "../a.jpg 1\n", r"line 1: '\.\./a\.jpg' is no file name"),
        ("txt", "/etc/a.jpg 1\n", "line 1: '/etc/a.jpg' is no file name"),
        ("txt", "", "lists no photo"),
        ("csv", "", "line 1: the column name is missing"),
        ("csv", "name,gpt4v\na.jpg,positive\n", "line 1: the column gt is missing"),
        ("csv", "name,gt\na.jpg,glad\n", r"line 2: the label of a\.jpg is 'glad', not"),
        ("csv", "name,gt\na.jpg\n", r"line 2: the label of a\.jpg is ''"),
        ("csv", "name,gt\n", "lists no photo"),
        ("csv", b"name,gt\n\xff.jpg,positive\n", "is not UTF-8"),
    ],
)
def test_a_bad_list_is_refused_in_one_sentence(tmp_path, name, text, message):
    file = {"txt": "twitter_three_agrees.txt", "csv": "twitter1_at_least_three_agree.csv"}[name]
    (tmp_path / file).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("twitter1", root=tmp_path)
    assert file in str(error.value) and len(str(error.value)) < 400


def test_a_photo_that_is_listed_twice_is_used_once(layout):
    root = layout("twitter1")
    path = root / "twitter_three_agrees.txt"
    path.write_text(path.read_text() + f"{NEVER} 0\n")
    with pytest.raises(DatasetError, match="listed twice, again in line 7"):
        datasets.load("twitter1", root=root)
    with pytest.warns(UserWarning, match="1 images left out"):
        dataset = datasets.load("twitter1", root=root, on_error="drop")
    assert len(dataset) == 6 and dataset.table["id"].is_unique


def test_tweets_keep_their_partition(layout):
    dataset = datasets.load("twitter2", root=layout("twitter2"))
    assert dataset.table["partition"].tolist() == [1, 1, 2, 2, 3, 4, 5, 5]
    assert dataset.counts().to_dict() == {"negative": 3, "positive": 5}
    assert dataset.paths[-1].endswith("partition5/810.jpg") and dataset.absent == ()


def test_listed_tweets_without_a_photo_are_absent(layout):
    root = layout("twitter2")
    path = root / "groundTruthLabel.txt"
    path.write_bytes(path.read_bytes() + b"150.jpg\tnegative\r\n")
    shutil.rmtree(root / "partition4")
    dataset = datasets.load("twitter2", root=root)
    assert dataset.absent == ("460.jpg", "150.jpg") and len(dataset) == 7
    kept = datasets.load("twitter2", root=root, keep_absent=True)
    assert len(kept) == 9 and kept.table["partition"].isna().sum() == 2
    assert kept.counts().to_dict() == {"negative": 4, "positive": 5}


def test_the_public_list_serves_twitter2_too(layout):
    root = layout("twitter2")
    (root / "groundTruthLabel.txt").unlink()
    with pytest.raises(DatasetMissing, match=r"there is no groundTruthLabel\.txt or twitter2_lab"):
        datasets.load("twitter2", root=root)
    (root / "twitter2_labels.csv").write_text("name,gt,gpt4v\n635.jpg,negative,\n1.jpg,positive,\n")
    dataset = datasets.load("twitter2", root=root)
    assert dataset.table["partition"].tolist() == [5, 1] and dataset.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Image\tSentiment\n1.jpg\tneutral\n", r"line 2: the label of 1\.jpg is 'neutral'"),
        ("Image\tSentiment\n1.jpg positive\n2.jpg\n", r"line 3: the label of 2\.jpg is ''"),
        ("Image\tFeeling\n1.jpg\tpositive\n", "line 1: the label of Image is 'Feeling'"),
        ("Image\tSentiment\n", "lists no photo"),
    ],
)
def test_a_bad_list_of_tweets_is_refused(layout, text, message):
    root = layout("twitter2")
    (root / "groundTruthLabel.txt").write_text(text)
    with pytest.raises(DatasetError, match=message) as error:
        datasets.load("twitter2", root=root)
    assert "groundTruthLabel.txt" in str(error.value)


def test_printed_counts_add_up():
    for source, total in ((twitter1.INFO, 1269), (twitter2.INFO, 603)):
        assert sum(source.expected.values()) == source.images == total
    more = [sum(counts.values()) for counts in twitter1.INFO.also_printed.values()]
    assert more == [1116, 882]


def test_the_real_public_list(real_data, monkeypatch):
    monkeypatch.setenv("EMOBOOK_DATA", str(real_data))
    dataset = datasets.load("twitter1", keep_absent=True)
    assert dataset.counts().to_dict() == twitter1.INFO.expected
    assert dataset.table["group"].nunique() == 1262
    share = (dataset.table["split"] == "test").mean()
    assert 0.12 < share < 0.18
