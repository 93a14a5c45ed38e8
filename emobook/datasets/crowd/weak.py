"""From posts found by emotion words to pictures worth a worker's time: the front half of the
pipeline of You et al. (2016, "Building an image emotion dataset from the wild").

Every step takes a crawl (see `emobook.datasets.crowd.crawl`), eager or lazy, and returns the same
kind of frame with fewer rows. No step depends on the order of the rows, and none needs `truth`.

What the paper leaves open is stated where it is decided: which copy of a picture stays, what
becomes of a picture that was found under two emotions, and pictures that only look alike, which
fdupes, the paper's tool, does not find.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from emobook.datasets.crowd.crawl import PLATFORM, QUERY, SCHEMA
from emobook.datasets.duplicates import near_groups
from emobook.datasets.lists import DatasetError, one_of
from emobook.emotions import MIKELS8

DISTANCE = 4
"""Bits in which pictures that look alike may differ. Among 3,000,000 unrelated hashes some
twenty pairs differ in 6 bits or fewer by chance, but less than one pair in 4 or fewer."""
CONFLICTS = ("first", "drop")


def drop_two_emotions(crawl):
    """Leave out posts with tags of any two different emotions; the query counts as a tag."""
    _check(crawl, "query", "tags")
    own = pl.col("query").replace_strict(
        list(MIKELS8), [1 << i for i in range(8)], return_dtype=pl.UInt8
    )
    return crawl.filter((pl.col("tags") | own) == own)


def drop_exact_duplicates(crawl, *, conflicts: str = "first"):
    """Keep one post, the one with the lowest number, of those whose files are equal.

    Copies may stand under different queries, so that the picture has two weak labels.
    conflicts="first" keeps the label of the post that is kept, whichever it is, as fdupes does,
    which sees files only; "drop" leaves the picture out, as one with tags of two emotions.
    Raises DatasetError for another policy.
    """
    _check(crawl, "post", "query", "file")
    return _one_of_each(crawl, pl.col("file"), conflicts)


def drop_near_duplicates(crawl, distance: int = DISTANCE, *, conflicts: str = "first"):
    """Keep one post, the one with the lowest number, of those whose pictures look alike.

    Pictures look alike where a chain of them joins the two, each link with at most `distance` of
    64 bits of `look` changed (so 0 joins equal hashes only). `conflicts` as in
    `drop_exact_duplicates`. The paper has no such step.
    Raises DatasetError for another policy, ValueError for a distance outside 0 … 16.
    """
    _check(crawl, "post", "query", "look")
    near_groups(np.empty(0, np.uint64), distance)  # refuses a wrong distance before polars runs

    def groups(look: pl.Series) -> pl.Series:
        return pl.Series(near_groups(look.to_numpy(), distance))

    return _one_of_each(crawl, pl.col("look").map_batches(groups, return_dtype=pl.Int64), conflicts)


def clean(crawl, *, distance: int | None = DISTANCE, conflicts: str = "first"):
    """All steps, in the paper's order: what is left of the crawl, and the funnel.

    distance=None leaves the near-duplicates in, as the paper does. Returns two DataFrames, the
    second as `funnel` makes it, with the steps "downloaded", "one emotion", "exact duplicates"
    and "near-duplicates". Only one step is in memory at a time, besides the crawl.
    """
    steps = {
        "downloaded": lambda rows: rows,
        "one emotion": drop_two_emotions,
        "exact duplicates": lambda rows: drop_exact_duplicates(rows, conflicts=conflicts),
    }
    if distance is not None:
        steps["near-duplicates"] = lambda rows: drop_near_duplicates(
            rows, distance, conflicts=conflicts
        )
    rows, counts = crawl, []
    for name, step in steps.items():
        rows = step(rows).lazy().collect()
        counts.append(funnel({name: rows}))
    names = pl.Enum(list(steps))
    return rows, pl.concat(part.cast({"step": names}) for part in counts)


def funnel(steps: Mapping) -> pl.DataFrame:
    """Images left after each step per platform and emotion, the form of the paper's Fig. 2.

    steps: name → crawl. Returns the columns `step`, `platform`, `query`, `images`, one row for
    each combination (0 where none is left), and where `truth` is known `right`: how many of the
    images evoke the emotion of their query.
    """
    places = pl.DataFrame({"platform": PLATFORM.categories}, schema={"platform": PLATFORM}).join(
        pl.DataFrame({"query": MIKELS8}, schema={"query": QUERY}), how="cross"
    )
    parts = []
    for name, crawl in steps.items():
        counts = [pl.len().cast(pl.Int64).alias("images")]
        if "truth" in _check(crawl, "platform", "query"):
            right = pl.col("truth") == pl.col("query").to_physical()
            counts.append(right.sum().cast(pl.Int64).alias("right"))
        found = crawl.lazy().group_by("platform", "query").agg(counts).collect()
        part = places.join(found, on=["platform", "query"], how="left").sort("platform", "query")
        part = part.with_columns(pl.col(pl.Int64).fill_null(0))
        parts.append(part.select(pl.lit(name).alias("step"), pl.all()))
    return pl.concat(parts).cast({"step": pl.Enum(list(steps))})


def draw_for_labelling(
    crawl, per_emotion: int = 11_000, extra: Mapping[str, int] | None = None, *, seed: int = 0
):
    """The images that go to the workers, drawn at random: the row "Submitted" of Table 2.

    `per_emotion` of each query, and `extra` more of some ({"fear": 2000} where it is None, as in
    the paper); fewer where fewer exist. Sorted by post. The lot of a post depends on its number
    and `seed` alone: a larger draw contains the smaller, and so does one from a larger crawl,
    but for posts that newer ones displace.
    Raises DatasetError for an unknown emotion, ValueError for a negative number.
    """
    wanted = dict.fromkeys(MIKELS8, per_emotion)
    for emotion, more in ({"fear": 2000} if extra is None else extra).items():
        one_of("emotion", emotion, MIKELS8)
        wanted[emotion] += more
    return _draw(crawl, wanted, seed)


def draw_noisy_set(crawl, submitted, per_emotion: int = 20_000, *, seed: int = 0):
    """Images to train on under their weak labels: `per_emotion` of each query, fewer where fewer
    exist, none of those `submitted` to the workers.

    You et al. got 156,000: seven times 20,000, and about 16,000 of contentment, which has no more.
    Sorted by post. Raises ValueError for a negative number.
    """
    _check(submitted, "post")
    sent = submitted.lazy().select("post")
    rest = crawl.lazy().join(sent, on="post", how="anti")
    drawn = _draw(rest, dict.fromkeys(MIKELS8, per_emotion), seed)
    return drawn.collect() if isinstance(crawl, pl.DataFrame) else drawn


def lots(posts: np.ndarray, seed: int) -> np.ndarray:
    """The lot of every post, by which draws are made: uint64, lowest first, no two equal.

    posts: uint64 (N,). SplitMix64 (Steele, Lea & Flood 2014) of the post, mixed with that of the
    seed: the same on every machine, and whatever other posts there are.
    """

    def splitmix(x):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))

    return splitmix(posts ^ splitmix(np.array([seed], dtype=np.uint64)))


def _one_of_each(crawl, key: pl.Expr, conflicts: str):
    one_of("conflicts", conflicts, CONFLICTS)
    crawl = crawl.with_columns(key.alias("_key"))
    kept = pl.col("post") == pl.col("post").min().over("_key")
    if conflicts == "drop":
        query = pl.col("query").to_physical()
        kept &= query.min().over("_key") == query.max().over("_key")
    return crawl.filter(kept).drop("_key")


def _draw(crawl, wanted: Mapping[str, int], seed: int):
    _check(crawl, "post", "query")
    for emotion, count in wanted.items():
        if count < 0:
            raise ValueError(f"{emotion}: the number to draw has to be at least 0, not {count}")

    def lots_of(post: pl.Series) -> pl.Series:
        return pl.Series(lots(post.to_numpy(), seed))

    lot = pl.col("post").map_batches(lots_of, return_dtype=pl.UInt64, is_elementwise=True)
    place = lot.rank("ordinal").over("query")
    most = pl.col("query").replace_strict(
        list(wanted), list(wanted.values()), return_dtype=pl.Int64
    )
    return crawl.filter(place <= most).sort("post")


def _check(crawl, *columns: str) -> list[str]:
    """The names of all columns. Raises DatasetError where one of `columns` is absent or of
    another type than in `SCHEMA`."""
    schema = crawl.collect_schema()
    for name in columns:
        if name not in schema:
            raise DatasetError(f"the crawl lacks the column {name!r}: pass it through as_crawl")
        if schema[name] != SCHEMA[name]:
            raise DatasetError(
                f"the column {name!r} is of type {schema[name]}, not {SCHEMA[name]}: "
                "pass the crawl through as_crawl"
            )
    return schema.names()
