"""A crawl: posts found by emotion words, one row each; read from a file, or simulated.

A crawl is a polars frame (eager or lazy) with the columns of `SCHEMA`, 28 bytes a row:

post : a number of its own for every post; where one of several is kept, it is the lowest.
platform : "flickr" or "instagram".
query : the emotion word that found the post, its weak label.
tags : which of the eight words are among the post's tags; bit i stands for `MIKELS8[i]`.
file : 64 bits of a digest of the picture's bytes; equal files are exact duplicates.
look : 64 bits of a perceptual hash (`emobook.datasets.duplicates`); pictures that look alike
    differ in few of them.
truth : only where it is known: position in `MIKELS8` of the emotion evoked, or `NONE`.

The order of the rows means nothing.
"""

from pathlib import Path

import numpy as np
import polars as pl

from emobook._files import file_digest
from emobook.datasets.duplicates import perceptual_hashes
from emobook.datasets.lists import DatasetError, one_of
from emobook.emotions import MIKELS8

PLATFORMS = ("flickr", "instagram")
NONE = 8
"""Truth of a picture that evokes none of the eight."""
PLATFORM = pl.Enum(PLATFORMS)
QUERY = pl.Enum(MIKELS8)
SCHEMA = {
    "post": pl.UInt64,
    "platform": PLATFORM,
    "query": QUERY,
    "tags": pl.UInt8,
    "file": pl.UInt64,
    "look": pl.UInt64,
    "truth": pl.UInt8,
}

PURITY = tuple(
    kept / sent
    for kept, sent in zip(
        (4942, 1266, 3151, 5374, 1658, 2963, 1032, 2922),
        (11000, 11000, 11000, 11000, 11000, 11000, 13000, 11000),
        strict=True,
    )
)
"""Share of a query's pictures that evoke its emotion: as many as the workers of You et al. (2016,
Table 2) accepted. Ours: whatever those workers got wrong is in there, too."""
SHARES = (
    (40, 55, 90, 7, 10, 95, 75, 68),
    (70, 65, 60, 5, 12, 78, 130, 140),
)
"""Posts of 1000 per platform and emotion. Ours: the bars of Fig. 2 carry no numbers. The text
gives their form (few of contentment and disgust on both platforms; on Instagram the emotions
differ more, with most of fear and sadness) and one height: after 11,000 are sent to the workers,
about 16,000 of contentment are left, which 12 of 1000 of 3,000,000 come to."""

_FINE = 1 << 53  # steps of a die that stands for a probability
_FLIPS = 3  # most bits of `look` that a simulated near-duplicate has changed


def read_crawl(path) -> pl.DataFrame:
    """A crawl in a CSV or Parquet file, as `as_crawl` describes it.

    Raises DatasetError, with the line of a CSV file, where it cannot be read as a crawl.
    """
    path = Path(path)
    one_of(f"{path}: the ending", path.suffix, (".csv", ".parquet"))
    if not path.is_file():
        raise DatasetError(f"there is no file {path}: give the path of a crawl")
    try:
        if path.suffix == ".csv":
            crawl = as_crawl(pl.read_csv(path, infer_schema=False), f"{path} line", first=2)
        else:
            crawl = as_crawl(pl.read_parquet(path), f"{path} row")
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).partition("\n")[0]
        raise DatasetError(f"{path} cannot be read as a table ({reason}): save it again") from None
    if crawl.is_empty():
        raise DatasetError(f"{path} holds no post: save it again")
    return crawl


def as_crawl(frame, where: str = "row", *, first: int = 0) -> pl.DataFrame:
    """A polars or pandas frame as a crawl: the columns of `SCHEMA` in its types, others dropped.

    `tags` may be a bitmask, a list of words, or text with words between blanks, commas or
    semicolons; case and a leading # do not count, and words that are none of the eight are passed
    over; text of digits alone is a bitmask. `file` and `look` may be text: its first 16 hexadecimal
    digits; text of 17 to 20 decimal digits is refused, since it is a number that a CSV file has
    spelt out, and some such numbers could be read either way. `truth` may be absent.
    `where` and `first` say how an error counts the rows.
    Raises DatasetError where a column is absent, a value is none of those known or two posts
    have the same number.
    """
    frame = frame if isinstance(frame, pl.DataFrame) else pl.from_pandas(frame)
    wanted = [name for name in SCHEMA if name != "truth" or name in frame.columns]
    for name in wanted:
        if name not in frame.columns:
            raise DatasetError(
                f"{where.rpartition(' ')[0] or 'the crawl'} lacks the column {name!r}; "
                f"it needs {', '.join(n for n in SCHEMA if n != 'truth')}"
            )
    crawl = frame.select(_parsed(name, frame.schema[name]) for name in wanted)
    faults = {
        "truth": pl.col("truth") > NONE if "truth" in wanted else False,
        "post": pl.col("post").is_duplicated(),
    }
    for name in wanted:
        wrong = crawl.select(pl.col(name).is_null() | faults.get(name, False)).to_series()
        if wrong.any():
            row = wrong.arg_max()
            value, line = frame[name][row], f"{where} {row + first}"
            if name in ("platform", "query"):
                one_of(f"{line}: {name}", value, PLATFORMS if name == "platform" else MIKELS8)
            raise DatasetError(
                f"{line}: {name} {value!r} cannot be used; it has to be {_NEEDS[name]}"
            )
    return crawl


_NEEDS = {
    "post": "a whole number that no other post has",
    "tags": "words, or a number 0 to 255",
    "file": (digits := "16 hexadecimal digits, or a number of 64 bits in a Parquet file"),
    "look": digits,
    "truth": f"a number 0 to {NONE}",
}


def _parsed(name: str, given) -> pl.Expr:
    """The column `name`, of type `given`, in the type of `SCHEMA`; null where that fails."""
    column = pl.col(name)
    if name in ("platform", "query") and given == pl.String:
        column = column.str.strip_chars().str.to_lowercase()
    elif name in ("file", "look") and given == pl.String:
        column = column.str.strip_chars()
        spelt = column.str.contains("^[0-9a-fA-F]{16}") & ~column.str.contains("^[0-9]{17,20}$")
        column = pl.when(spelt).then(column)
        high, low = (
            column.str.slice(start, 8).str.to_integer(base=16, strict=False).cast(pl.UInt64)
            for start in (0, 8)
        )
        column = high * (1 << 32) + low
    elif name == "tags" and given in (pl.String, pl.List(pl.String)):
        if given == pl.String:
            column = column.fill_null("").str.replace_all(r"[\s,;]+", " ").str.split(" ")
        mask = pl.col(name).str.strip_chars() if given == pl.String else pl.lit("")
        words = column.list.eval(pl.element().str.to_lowercase().str.strip_chars("# "))
        column = pl.sum_horizontal(
            words.list.contains(emotion).cast(pl.UInt8) * pl.lit(1 << i, pl.UInt8)
            for i, emotion in enumerate(MIKELS8)
        )
        numbers = mask.cast(SCHEMA[name], strict=False)
        column = pl.when(mask.str.contains("^[0-9]+$")).then(numbers).otherwise(column)
    return column.cast(SCHEMA[name], strict=False).alias(name)


def fingerprints(paths, *, progress: bool = True) -> tuple[pl.DataFrame, dict[int, str]]:
    """The columns `file` and `look` of picture files, and position → reason of those that cannot
    be read, which have 0 in both."""
    look, failed = perceptual_hashes(paths, progress=progress)
    file = [0 if i in failed else int(file_digest(p)[:16], 16) for i, p in enumerate(paths)]
    return pl.DataFrame(
        {"file": file, "look": look}, {n: SCHEMA[n] for n in ("file", "look")}
    ), failed


def simulate_crawl(
    n: int,
    *,
    seed: int = 0,
    purity=PURITY,
    shares=SHARES,
    nothing: float = 0.5,
    second_tag=(0.1, 0.15),
    exact: float = 0.1,
    near: float = 0.05,
    crossed: float = 0.2,
) -> pl.DataFrame:
    """A crawl of `n` posts whose truth is known, with the same bytes on every machine.

    purity : (8,) share of a query's pictures that evoke its emotion.
    shares : (2, 8) weights of posts per platform and emotion.
    nothing : share of the other pictures that evoke none of the eight; the rest evoke one of the
        other seven, each as often.
    second_tag : share of posts with a second emotion word, where the query is right and where it
        is not; the word is the truth where that is another emotion, else any of the other seven.
        Two equal shares switch off that dropping such posts cleans the labels.
    exact, near : shares of posts that copy another post's picture, to the byte or with up to 3
        bits of `look` changed; the truth goes with the picture.
    crossed : share of the copies that were found by a draw of their own, mostly under another
        query; the others have the platform and the query of the post that they copy.

    The rates are ours: You et al. print none. Raises ValueError for n < 1, other shapes, shares
    outside 0 … 1, weights that are negative or all 0.
    """
    if n < 1:
        raise ValueError(f"n has to be at least 1, not {n}")
    purity = _shares("purity", purity, 8)
    right, wrong = _shares("second_tag", second_tag, 2)
    exact, near, nothing, crossed = _shares(
        "exact, near, nothing and crossed", (exact, near, nothing, crossed), 4
    )
    weights = np.asarray(shares, dtype=float)
    if weights.shape != (2, 8) or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ValueError("shares has to be 2 × 8 weights, not negative and not all 0")
    if exact + near > 1:
        raise ValueError(f"exact and near are shares of all posts: {exact} + {near} is above 1")

    generator = np.random.PCG64(seed)

    def raw():
        return generator.random_raw(n)

    def other(emotion):
        return (emotion + 1 + raw() % 7) % 8

    def copied(column, where):
        column[where] = column[source[where]]

    cell = _pick(raw(), weights.ravel())
    kind = _pick(raw(), np.array([1 - exact - near, exact, near]))
    kind[0] = 0  # so that there is a picture to copy
    originals = np.flatnonzero(kind == 0)
    source = originals[raw() % len(originals)]
    copied(cell, (kind > 0) & ~_chance(raw(), crossed))
    query = (cell % 8).astype(np.uint8)

    truth = np.where(_chance(raw(), nothing), NONE, other(query)).astype(np.uint8)
    truth = np.where(_chance(raw(), purity[query]), query, truth)
    copied(truth, kind > 0)
    is_other = (truth != query) & (truth != NONE)
    second = np.where(is_other, truth, other(query)).astype(np.uint8)
    has_second = _chance(raw(), np.where(truth == query, right, wrong))
    one = np.uint8(1)
    tags = (one << query) | (has_second.astype(np.uint8) << second)

    file, look = raw(), raw()
    copied(file, kind == 1)
    copied(look, kind > 0)
    flips = np.where(kind == 2, raw() % (_FLIPS + 1), 0)
    for i in range(_FLIPS):
        look ^= (flips > i).astype(np.uint64) << (raw() % 64)
    return pl.DataFrame(
        {
            "post": np.arange(n, dtype=np.uint64),
            "platform": pl.Series(PLATFORMS, dtype=PLATFORM).gather(cell // 8),
            "query": pl.Series(MIKELS8, dtype=QUERY).gather(query),
            "tags": tags,
            "file": file,
            "look": look,
            "truth": truth,
        },
        schema=SCHEMA,
    )


def _shares(name: str, values, count: int) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.shape != (count,) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name} has to be {count} shares from 0 to 1, not {values.tolist()}")
    return values


def _chance(raw, share) -> np.ndarray:
    """Whether each draw of 64 bits falls below its share, in whole numbers."""
    return raw >> np.uint64(11) < np.asarray(share * _FINE).astype(np.uint64)


def _pick(raw, weights) -> np.ndarray:
    """A position per draw of 64 bits, as often as `weights` say, in whole numbers."""
    edges = np.cumsum(weights)
    edges = (edges[:-1] / edges[-1] * _FINE).astype(np.uint64)
    return np.searchsorted(edges, raw >> np.uint64(11), side="right")
