"""The way from posts to the images that workers see, on crawls small enough to know by heart."""

import hashlib
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from polars.testing import assert_frame_equal

from emobook.datasets import crowd
from emobook.datasets.lists import DatasetError
from emobook.emotions import MIKELS8

BIT = {emotion: 1 << i for i, emotion in enumerate(MIKELS8)}
POLICIES = ("first", "drop")


def crawl(*rows, platform="flickr"):
    """Posts 10, 11, … from (query, tags, file, look), tags as words between blanks."""
    query, tags, file, look = zip(*rows, strict=True)
    return pl.DataFrame(
        {
            "post": range(10, 10 + len(rows)),
            "platform": [platform] * len(rows),
            "query": query,
            "tags": [sum(BIT[word] for word in words.split()) for words in tags],
            "file": file,
            "look": look,
        },
        schema={name: kind for name, kind in crowd.SCHEMA.items() if name != "truth"},
    )


def posts(frame) -> list[int]:
    return frame.lazy().collect()["post"].to_list()


def random_crawl(seed: int, n: int = 60) -> pl.DataFrame:
    """Few different files and looks, so that many posts share them; numbers in no order."""
    rng = np.random.default_rng(seed)
    near = rng.integers(0, 2**63, 12, dtype=np.uint64)[rng.integers(0, 12, n)]
    for _ in range(3):
        near ^= rng.integers(0, 2, n).astype(np.uint64) << rng.integers(0, 64, n).astype(np.uint64)
    frame = crowd.simulate_crawl(n, seed=seed)
    return frame.with_columns(
        post=pl.Series(rng.permutation(np.arange(1000, 1000 + n, dtype=np.uint64))),
        file=pl.Series(rng.integers(0, 25, n).astype(np.uint64)),
        look=pl.Series(near),
    )


def test_a_post_with_tags_of_two_emotions_goes_and_the_query_is_one():
    frame = crawl(
        ("fear", "fear", 1, 1),
        ("fear", "", 2, 2),  # found by its title
        ("fear", "fear awe", 3, 3),
        ("fear", "awe", 4, 4),  # the query is the second emotion
        ("amusement", "sadness", 5, 5),
        ("sadness", "sadness", 6, 6),
        ("anger", "awe disgust", 7, 7),
    )
    assert posts(crowd.drop_two_emotions(frame)) == [10, 11, 15]


def test_of_equal_files_the_lowest_post_stays_with_its_label():
    frame = crawl(
        ("awe", "", 7, 1),
        ("fear", "", 7, 2),  # the same file under another query
        ("fear", "", 8, 3),
        ("anger", "", 9, 4),
        ("anger", "", 9, 5),
        ("awe", "", 7, 6),
    ).reverse()
    assert sorted(posts(crowd.drop_exact_duplicates(frame))) == [10, 12, 13]
    kept = crowd.drop_exact_duplicates(frame, conflicts="drop")
    assert sorted(posts(kept)) == [12, 13]


def test_pictures_that_look_alike_are_joined_in_chains():
    base = 0b1111_0000_1111_0000
    frame = crawl(
        ("awe", "", 1, base),
        ("awe", "", 2, base ^ 0b11),
        ("awe", "", 3, base ^ 0b1111),  # 4 bits from the first, 2 from the second
        ("fear", "", 4, base ^ 0b1_1111 << 40),
        ("fear", "", 5, base ^ 0b1_1111 << 40),
        ("anger", "", 6, base ^ 1 << 63),
    )
    assert posts(crowd.drop_near_duplicates(frame, 0)) == [10, 11, 12, 13, 15]
    assert posts(crowd.drop_near_duplicates(frame, 1)) == [10, 11, 12, 13]
    assert posts(crowd.drop_near_duplicates(frame, 2)) == [10, 13]
    assert posts(crowd.drop_near_duplicates(frame, 5)) == [10]
    assert posts(crowd.drop_near_duplicates(frame, 2, conflicts="drop")) == [13]
    assert posts(crowd.drop_near_duplicates(frame, 1, conflicts="drop")) == [11, 12, 13]


def kept_one_by_one(frame, same, conflicts) -> list[int]:
    """The rule of the steps in plain Python: groups by merging, two rows at a time."""
    rows = frame.rows(named=True)
    group = list(range(len(rows)))
    for i, j in itertools.combinations(range(len(rows)), 2):
        if same(rows[i], rows[j]):
            group = [group[i] if g == group[j] else g for g in group]
    kept = []
    for g in set(group):
        members = [row for row, other in zip(rows, group, strict=True) if other == g]
        if conflicts == "first" or len({row["query"] for row in members}) == 1:
            kept.append(min(row["post"] for row in members))
    return sorted(kept)


@pytest.mark.parametrize("conflicts", POLICIES)
@pytest.mark.parametrize("seed", range(4))
def test_duplicates_are_those_that_a_plain_loop_finds(seed, conflicts):
    frame = random_crawl(seed)
    found = sorted(posts(crowd.drop_exact_duplicates(frame, conflicts=conflicts)))
    expected = kept_one_by_one(frame, lambda a, b: a["file"] == b["file"], conflicts)
    assert found == expected and 0 < len(found) < 30
    for distance in (2, 4, 6):
        found = sorted(posts(crowd.drop_near_duplicates(frame, distance, conflicts=conflicts)))
        expected = kept_one_by_one(
            frame, lambda a, b, d=distance: (a["look"] ^ b["look"]).bit_count() <= d, conflicts
        )
        assert found == expected and len(found) < 60


@pytest.mark.parametrize("conflicts", POLICIES)
def test_neither_the_order_of_rows_nor_laziness_changes_anything(conflicts):
    frame = crowd.simulate_crawl(3000, seed=4)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=1)
    kept, counts = crowd.clean(frame, conflicts=conflicts)
    others = [crowd.clean(x, conflicts=conflicts) for x in (shuffled, frame.lazy())]
    for other, other_counts in others:
        assert_frame_equal(other.sort("post"), kept.sort("post"))
        assert_frame_equal(other_counts, counts)
    by_hand = crowd.drop_two_emotions(shuffled.lazy())
    by_hand = crowd.drop_exact_duplicates(by_hand, conflicts=conflicts)
    by_hand = crowd.drop_near_duplicates(by_hand, conflicts=conflicts)
    sent = crowd.draw_for_labelling(kept, 50, {"fear": 10})
    noisy = crowd.draw_noisy_set(kept, sent, 80)
    lazily_sent = crowd.draw_for_labelling(by_hand, 50, {"fear": 10})
    assert isinstance(lazily_sent, pl.LazyFrame)
    assert_frame_equal(lazily_sent.collect(), sent)
    assert_frame_equal(crowd.draw_noisy_set(by_hand, lazily_sent, 80).collect(), noisy)
    assert_frame_equal(by_hand.collect().sort("post"), kept.sort("post"))


def test_the_funnel_counts_every_platform_and_emotion_after_each_step():
    frame = pl.concat(
        [
            crawl(("fear", "", 1, 0), ("fear", "awe", 2, 2**20 - 1), ("awe", "", 1, 0)),
            crawl(("sadness", "", 3, 2**60), platform="instagram").with_columns(
                post=pl.lit(99, pl.UInt64)
            ),
        ]
    )
    kept, counts = crowd.clean(frame)
    assert counts.columns == ["step", "platform", "query", "images"]
    assert counts.height == 4 * 2 * 8 and counts["images"].sum() == 4 + 3 + 2 + 2
    steps = ["downloaded", "one emotion", "exact duplicates", "near-duplicates"]
    assert counts["step"].unique(maintain_order=True).to_list() == steps
    by_place = counts.rows_by_key(["platform", "query"], named=True)
    for place, images in {
        ("flickr", "fear"): [2, 1, 1, 1],
        ("flickr", "awe"): [1, 1, 0, 0],
        ("flickr", "sadness"): [0, 0, 0, 0],
        ("instagram", "sadness"): [1, 1, 1, 1],
    }.items():
        assert [row["images"] for row in by_place[place]] == images
    assert posts(kept) == [10, 99]
    as_printed = crowd.clean(frame, distance=None)[1]
    assert as_printed["step"].unique(maintain_order=True).to_list() == steps[:3]


def test_the_funnel_knows_how_many_are_right_where_the_truth_is_known():
    frame = crawl(("fear", "", 1, 1), ("fear", "", 2, 2), ("awe", "", 3, 3))
    frame = frame.with_columns(truth=pl.Series([6, crowd.NONE, 6], dtype=pl.UInt8))
    counts = crowd.funnel({"all": frame}).filter(pl.col("images") > 0)
    assert counts.rows() == [("all", "flickr", "awe", 1, 0), ("all", "flickr", "fear", 2, 1)]


def test_draws_have_the_printed_sizes_are_disjoint_and_fewer_where_fewer_exist():
    frame = crowd.simulate_crawl(60_000, seed=2)
    there = dict(frame.group_by("query").len().iter_rows())
    sent = crowd.draw_for_labelling(frame, 600, {"fear": 100}, seed=5)
    counts = dict(sent.group_by("query").len().iter_rows())
    assert counts == {query: 700 if query == "fear" else 600 for query in MIKELS8}
    assert sent["post"].is_sorted()
    noisy = crowd.draw_noisy_set(frame, sent, 1200)
    counts = dict(noisy.group_by("query").len().iter_rows())
    assert counts == {q: min(1200, there[q] - (700 if q == "fear" else 600)) for q in MIKELS8}
    assert counts["contentment"] < 200 and counts["disgust"] < 1200
    assert not set(posts(sent)) & set(posts(noisy))
    assert crowd.draw_for_labelling(frame, 0, {}).height == 0


def test_an_empty_crawl_passes_every_step():
    kept, counts = crowd.clean(crowd.simulate_crawl(5).head(0))
    assert kept.height == 0 and counts["images"].sum() == 0 and counts.height == 4 * 16
    assert crowd.draw_noisy_set(kept, crowd.draw_for_labelling(kept)).height == 0


def test_the_default_draw_is_the_row_submitted():
    rows = 13_500 * 8
    frame = pl.DataFrame(
        {"post": np.arange(rows, dtype=np.uint64), "query": np.repeat(MIKELS8, 13_500)},
        schema={name: crowd.SCHEMA[name] for name in ("post", "query")},
    )
    counts = dict(crowd.draw_for_labelling(frame).group_by("query").len().iter_rows())
    assert counts == {q: 13_000 if q == "fear" else 11_000 for q in MIKELS8}


def test_a_draw_is_random_by_seed_and_grows_without_a_change_of_mind():
    frame = crowd.simulate_crawl(20_000, shares=np.ones((2, 8)))
    small, large, other = (
        set(posts(crowd.draw_for_labelling(frame, n, {}, seed=seed)))
        for n, seed in ((500, 0), (800, 0), (500, 1))
    )
    assert small < large
    assert len(small & other) < 0.35 * len(small)  # a fifth by chance
    for column in (frame["post"], frame["look"] % 20_000):  # no place in the crawl is preferred
        drawn = column.filter(frame["post"].is_in(list(small)))
        assert abs(drawn.mean() / 10_000 - 1) < 5 * 3**-0.5 / len(small) ** 0.5


def test_a_simulated_crawl_is_the_same_on_every_machine():
    frame = crowd.simulate_crawl(1000, seed=1)
    total = hashlib.sha256()
    for name in frame.columns:
        column = frame[name].to_physical().cast(pl.UInt64)
        total.update(column.to_numpy().astype("<u8").tobytes())
    assert total.hexdigest() == "f96914ab59a346e9cabc88fd4ff0b67abbee4c2fa90908e91188828bc264aa39"
    assert dict(frame.schema) == crowd.SCHEMA
    assert not frame.equals(crowd.simulate_crawl(1000, seed=2))
    drawn = crowd.draw_for_labelling(frame, 1, {"awe": 1}, seed=7)
    assert posts(drawn) == [301, 342, 354, 427, 555, 685, 837, 923, 984]


def test_a_simulated_crawl_has_the_rates_that_it_is_asked_for():
    n = 200_000
    frame = crowd.simulate_crawl(
        n, seed=3, purity=np.linspace(0.2, 0.9, 8), second_tag=(0.1, 0.3),
        exact=0.2, near=0.1, crossed=0.5, nothing=0.25,
    )  # fmt: skip
    query = frame["query"].to_physical().to_numpy()
    truth, tags = frame["truth"].to_numpy(), frame["tags"].to_numpy()
    first = frame["file"].is_first_distinct().to_numpy()
    assert abs((~first).mean() - 0.2) < 0.005
    unseen = frame["look"].is_unique().to_numpy()  # an original that nothing copies, or changed
    for emotion in range(8):
        lone = unseen & (query == emotion)
        right = (truth[lone] == emotion).mean()
        expected = 0.2 + 0.1 * emotion
        assert abs(right - expected) < 0.05 + 4 * (expected / lone.sum()) ** 0.5
    wrong = truth[unseen & (truth != query)]
    assert abs((wrong == crowd.NONE).mean() - 0.25) < 0.02
    two = np.bitwise_count(tags) == 2
    assert (tags >> query & 1).all() and (np.bitwise_count(tags) <= 2).all()
    assert abs(two[truth == query].mean() - 0.1) < 0.005
    assert abs(two[truth != query].mean() - 0.3) < 0.005
    elsewhere = two & (truth != query) & (truth != crowd.NONE)
    assert (tags[elsewhere] >> truth[elsewhere] & 1).all()
    exactly = crowd.drop_exact_duplicates(frame)
    closely = crowd.drop_near_duplicates(exactly, 6)  # two copies of one are up to 6 bits apart
    assert abs((exactly.height - closely.height) / n - 0.1) < 0.005
    conflicts = exactly.height - crowd.drop_exact_duplicates(frame, conflicts="drop").height
    assert conflicts > 0.04 * n
    uncrossed = crowd.simulate_crawl(20_000, exact=0.2, crossed=0)
    assert (
        crowd.drop_exact_duplicates(uncrossed, conflicts="drop").height
        == crowd.drop_exact_duplicates(uncrossed).height
    )
    assert uncrossed.group_by("file").agg(pl.col("truth").n_unique())["truth"].max() == 1


def test_dropping_posts_of_two_emotions_cleans_labels_only_where_they_tell():
    def gain(second_tag):
        frame = crowd.simulate_crawl(100_000, seed=6, second_tag=second_tag, exact=0, near=0)
        counts = crowd.clean(frame, distance=None)[1].group_by("step", maintain_order=True)
        counts = counts.agg(pl.col("images", "right").sum())
        share = (counts["right"] / counts["images"]).to_list()
        return share[1] - share[0]

    assert gain((0.1, 0.5)) > 0.05
    assert abs(gain((0.3, 0.3))) < 0.005


def test_default_shares_have_the_form_that_the_paper_describes():
    shares = dict(zip(MIKELS8, np.transpose(crowd.SHARES), strict=True))
    few, many = shares["contentment"] + shares["disgust"], shares["fear"] + shares["sadness"]
    assert all((shares[q] > few).all() for q in MIKELS8 if q not in ("contentment", "disgust"))
    assert many[1] > many[0]
    assert np.std(crowd.SHARES[1]) > np.std(crowd.SHARES[0])
    counts = dict(
        crowd.clean(crowd.simulate_crawl(300_000), distance=None)[0]
        .group_by("query").len().iter_rows()
    )  # fmt: skip
    left = 10 * counts["contentment"] - 11_000
    assert 15_000 < left < 19_000, "about 16,000 of contentment at 3,000,000 posts"
    assert all(10 * n > 31_000 for q, n in counts.items() if q != "contentment")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"n": 0}, "n has to be at least 1"),
        ({"purity": [0.5] * 7}, "purity has to be 8 shares"),
        ({"purity": [1.5] * 8}, "purity has to be 8 shares"),
        ({"second_tag": 0.1}, "second_tag has to be 2 shares"),
        ({"shares": np.zeros((2, 8))}, "not all 0"),
        ({"shares": np.ones((8, 2))}, "2 × 8 weights"),
        ({"exact": 0.6, "near": 0.6}, "above 1"),
        ({"near": -0.1}, "shares from 0 to 1"),
    ],
)
def test_settings_of_the_simulator_are_checked(options, reason):
    with pytest.raises(ValueError, match=reason):
        crowd.simulate_crawl(**{"n": 10, **options})


CSV = """post,platform,query,tags,file,look,title
3,Flickr,fear,"#Fear night, AWE",ffffffffffffffff0000,00000000000000ff,x
1,instagram,Sadness ,,0000000000000001,8000000000000000,y
"""


def test_a_crawl_is_read_from_csv_and_parquet(tmp_path):
    path = tmp_path / "crawl.csv"
    path.write_text(CSV)
    expected = [
        (3, "flickr", "fear", BIT["fear"] | BIT["awe"], 2**64 - 1, 255),
        (1, "instagram", "sadness", 0, 1, 2**63),
    ]
    frame = crowd.read_crawl(path)
    assert frame.rows() == expected and dict(frame.schema) == {
        name: kind for name, kind in crowd.SCHEMA.items() if name != "truth"
    }
    frame.write_parquet(tmp_path / "crawl.parquet")
    assert_frame_equal(crowd.read_crawl(tmp_path / "crawl.parquet"), frame)
    simulated = crowd.simulate_crawl(50)
    simulated.write_parquet(tmp_path / "crawl.parquet")
    assert_frame_equal(crowd.read_crawl(tmp_path / "crawl.parquet"), simulated)
    assert_frame_equal(crowd.as_crawl(simulated.to_pandas()), simulated)
    words = pd.DataFrame({"post": [1], "platform": ["flickr"], "query": ["awe"], "file": [1]})
    words = words.assign(look=[2], tags=[["Awe", "sea", "awesome"]])
    assert crowd.as_crawl(words)["tags"].to_list() == [BIT["awe"]]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Sadness", "joy", r"crawl.csv line 3: query 'joy ' is unknown.*sadness"),
        ("Flickr", "flikr", r"crawl.csv line 2: platform 'flikr'.*did you mean 'flickr'"),
        ("query", "keyword", r"crawl.csv lacks the column 'query'; it needs post, "),
        ("\n1,", "\n3,", r"crawl.csv line 2: post '3' cannot be used.*no other post has"),
        ("\n1,", "\n-1,", r"crawl.csv line 3: post '-1'"),
        ("8000000000000000", "80", r"crawl.csv line 3: look '80'.*16 hexadecimal digits"),
        ("ffffffffffffffff0000", "fffg" * 4, r"crawl.csv line 2: file 'fffg"),
        ("ffffffffffffffff0000", "18446744073709551615", r"line 2: file '1844.*in a Parquet file"),
        ("8000000000000000", "-123456789abcdef", r"line 3: look '-123.*16 hexadecimal digits"),
        ("Sadness ,,", "Sadness,256,", r"line 3: tags '256' cannot be used.* 0 to 255"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(tmp_path, old, new, reason):
    path = tmp_path / "crawl.csv"
    path.write_text(CSV.replace(old, new))
    with pytest.raises(DatasetError, match=reason) as caught:
        crowd.read_crawl(path)
    assert "\n" not in str(caught.value)


def test_numbers_of_a_csv_file_are_no_words(tmp_path):
    simulated = crowd.simulate_crawl(50)
    path = tmp_path / "crawl.csv"
    simulated.write_csv(path)
    with pytest.raises(DatasetError, match=r"crawl.csv line 2: file '\d+' cannot be used"):
        crowd.read_crawl(path)  # as hexadecimal digits they would be other numbers
    digits = pl.col("file", "look").map_elements("{:016x}".format, pl.String)
    simulated.with_columns(digits).write_csv(path)
    assert_frame_equal(crowd.read_crawl(path), simulated)


def test_what_is_no_crawl_is_refused(tmp_path):
    (tmp_path / "head.csv").write_text(CSV.splitlines()[0])
    with pytest.raises(DatasetError, match=r"head.csv holds no post"):
        crowd.read_crawl(tmp_path / "head.csv")
    for name in ("absent.csv", "absent.parquet", "crawl.txt"):
        with pytest.raises(DatasetError, match=name):
            crowd.read_crawl(tmp_path / name)
    (tmp_path / "junk.parquet").write_bytes(b"no table at all")
    with pytest.raises(DatasetError, match=r"junk.parquet cannot be read as a table"):
        crowd.read_crawl(tmp_path / "junk.parquet")
    frame = crowd.simulate_crawl(5)
    with pytest.raises(DatasetError, match=r"row 2: truth 9 cannot be used.*0 to 8"):
        crowd.as_crawl(frame.with_columns(truth=pl.Series([0, 1, 9, 9, 8])))
    with pytest.raises(DatasetError, match="lacks the column 'tags'"):
        crowd.drop_two_emotions(frame.drop("tags"))
    with pytest.raises(DatasetError, match=r"'query' is of type String.*as_crawl"):
        crowd.draw_for_labelling(frame.cast({"query": pl.String}))
    with pytest.raises(DatasetError, match="conflicts 'last' is unknown"):
        crowd.drop_exact_duplicates(frame, conflicts="last")
    with pytest.raises(ValueError, match="distance"):
        crowd.drop_near_duplicates(frame, 17)
    with pytest.raises(DatasetError, match="emotion 'joy' is unknown"):
        crowd.draw_for_labelling(frame, extra={"joy": 1})
    with pytest.raises(ValueError, match="at least 0, not -1"):
        crowd.draw_noisy_set(frame, frame.head(0), -1)


def test_pictures_get_the_columns_that_the_steps_compare(tmp_path, write_photo):
    for name, seed in (("a.png", 1), ("b.png", 2)):
        write_photo(tmp_path / name, seed)
    (tmp_path / "c.png").write_bytes((tmp_path / "a.png").read_bytes())
    Image.open(tmp_path / "a.png").resize((160, 120), Image.Resampling.NEAREST).save(
        tmp_path / "d.png"
    )
    (tmp_path / "e.png").write_bytes(b"")
    paths = [str(tmp_path / f"{name}.png") for name in "abcde"]
    prints, failed = crowd.fingerprints(paths, progress=False)
    assert list(failed) == [4]
    frame = crawl(*(("awe", "", 0, 0) for _ in paths)).with_columns(prints).head(4)
    frame = crowd.drop_exact_duplicates(frame)
    assert posts(frame) == [10, 11, 13]
    assert posts(crowd.drop_near_duplicates(frame)) == [10, 11]


MEMORY = """
import sys
from emobook.datasets import crowd

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

kept, _ = crowd.clean(crowd.simulate_crawl(1000))
before = peak()
kept, _ = crowd.clean(crowd.simulate_crawl(200_000))
crowd.draw_noisy_set(kept, crowd.draw_for_labelling(kept))
print(peak() - before)
"""


def test_a_crawl_takes_little_memory():
    """Per row at most what lets 3,000,000 rows and the libraries pass through 2 GB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("not run: this system does not say how much memory a process has used")
    run = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    assert float(run.stdout) * 15 < 1700, run.stdout


def test_workers_can_be_asked_about_what_was_drawn():
    """Pictures that evoke none of the eight are among them: no is the right answer there."""
    sent = crowd.draw_for_labelling(crowd.simulate_crawl(5000), 20, {})
    faultless = pd.DataFrame({"worker": range(9), "sensitivity": 1.0, "specificity": 1.0})
    answers = crowd.verify_labels(sent["query"], sent["truth"], faultless, tasks=sent["post"])
    right = sent.filter(pl.col("truth") == pl.col("query").to_physical())
    assert sorted(set(answers["task"][answers["label"] == 1])) == posts(right)
    assert (sent["truth"] == crowd.NONE).sum() > 20


def test_every_name_of_the_package_is_there():
    for name in crowd.__all__:
        assert getattr(crowd, name) is not None
    assert set(crowd.__all__) <= set(dir(crowd))
    with pytest.raises(AttributeError, match="votez"):
        _ = crowd.votez
