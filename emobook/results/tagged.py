"""Do objects carry emotion? Pictures, the words for what is in them, and what both are felt to be.

Kim et al. (2018), section IV-C and Figure 8: they look up the tag of each picture of IAPS in the
word norms of Warriner et al. and correlate the word's valence with the picture's.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emobook import evaluate
from emobook.datasets import Dataset
from emobook.datasets.synthetic import EVOKES, emotion_of, ratings_of, sample_scene
from emobook.datasets.synthetic.emotion import AROUSAL, VALENCE
from emobook.datasets.tables import word_norms
from emobook.evaluate import Interval, reliability, words
from emobook.results import record_row
from emobook.results.rated import RATINGS

PAPER = "kim2018"


def kind_norms(scenes: int = 2000, seed: int = 1) -> pd.DataFrame:
    """What the simulator's objects are felt to be, in place of word norms: a row for each kind.

    A kind's mean rating over those of `scenes` other scenes, drawn with `seed` and the usual share
    of emotion in objects, whose largest charged object is of that kind; with `_sd` and `_n` as in
    `datasets.tables.word_norms`. Kinds that came up less than twice are left out.
    """
    found = []
    for index in range(scenes):
        scene = sample_scene(index, seed)
        kind = main_object(scene.boxes)
        found.append((kind, *ratings_of(scene, emotion_of(scene))))
    grouped = pd.DataFrame(found, columns=["word", *RATINGS]).groupby("word")
    parts = {"": grouped.mean(), "_sd": grouped.std(), "_n": grouped.count()}
    norms = pd.concat([part.add_suffix(end) for end, part in parts.items()], axis=1)
    return norms[norms["valence_n"] > 1]


def main_object(boxes) -> str | None:
    """Kind of the largest charged object among boxes (kind, x0, y0, x1, y1); None without one."""
    sizes = {kind: (x1 - x0) * (y1 - y0) for kind, x0, y0, x1, y1 in boxes if kind in EVOKES}
    return max(sizes, key=sizes.get) if sizes else None


def noise_of(dataset: Dataset) -> dict[str, float]:
    """Variance of the raters' error in a set's mean ratings, over all of its images, by rating.

    In squared units of its scale; from the columns `valence_sd` and `valence_n` of its table, or
    in the simulator from its votes. Empty for a set that tells neither.
    """
    table = dataset.table
    if dataset.name == "synthetic":
        table = _spreads_of_votes(dataset.votes)
    columns = {rating: [f"{rating}_{end}" for end in ("sd", "n")] for rating in RATINGS}
    return {
        rating: reliability.noise_variance(table[sd], table[n])
        for rating, (sd, n) in columns.items()
        if sd in table and n in table
    }


def _spreads_of_votes(votes) -> dict[str, np.ndarray]:
    """Deviation and number of the simulator's voters, from votes (N, emotions)."""
    n, found = votes.sum(axis=1), {}
    for rating, values in zip(RATINGS, (VALENCE, AROUSAL), strict=True):
        points = np.array(values) / 100
        mean = votes @ points / n
        squares = (votes * (points - mean[:, None]) ** 2).sum(axis=1)
        found |= {f"{rating}_sd": np.sqrt(squares / (n - 1)), f"{rating}_n": n}
    return found


@dataclass(frozen=True)
class Tagged:
    """Pictures of one set with their tags and the words for these.

    name: of the set, in the record. pictures: a row per picture with `id`, `tag` (equal for those
    that show the same thing), `category`, `word` and `step` (see `evaluate.words.lookup`), and for
    both ratings `valence`, `valence_sd`, `valence_n` of the picture and `valence_word`,
    `valence_word_sd`, `valence_word_n` of the word, NaN where no word was found.
    """

    name: str
    pictures: pd.DataFrame

    @classmethod
    def of(cls, dataset: Dataset, name: str = "") -> "Tagged":
        """A set with tags: scenes of the simulator, with `kind_norms`, or photos as in OASIS, with
        the norms of Warriner et al. name: instead of the set's own. Raises DatasetMissing where
        these are not here."""
        if dataset.name == "synthetic":
            return cls.of_scenes(dataset, kind_norms(), name or dataset.name)
        return cls.of_photos(dataset, word_norms())

    @classmethod
    def of_photos(cls, dataset: Dataset, norms: pd.DataFrame) -> "Tagged":
        """OASIS, or a set like it: the theme without its number (`group`) is the tag."""
        table = dataset.table
        spreads = {f"{r}_{end}": table[f"{r}_{end}"] for r in RATINGS for end in ("sd", "n")}
        return cls._of(dataset, table["group"], table["category"], spreads, norms)

    @classmethod
    def of_scenes(cls, dataset: Dataset, norms: pd.DataFrame, name: str) -> "Tagged":
        """Scenes of the simulator that have a charged object; the largest one's kind is the tag."""
        tags = dataset.table["boxes"].map(main_object)
        dataset = dataset.subset(tags.notna().to_numpy())
        spreads = _spreads_of_votes(dataset.votes)
        category = pd.Series("scene", dataset.table.index)
        found = cls._of(dataset, tags[tags.notna()], category, spreads, norms)
        return cls(name, found.pictures)

    @classmethod
    def _of(cls, dataset, tags, category, spreads, norms) -> "Tagged":
        own = {"id": dataset.table["id"], "tag": tags.to_numpy(), "category": category}
        own |= {rating: dataset.ratings[rating] for rating in RATINGS} | spreads
        ends = [(rating, end) for rating in RATINGS for end in ("", "_sd", "_n")]
        found = words.lookup(tags, norms[[f"{rating}{end}" for rating, end in ends]])
        found = found.rename(columns={f"{r}{end}": f"{r}_word{end}" for r, end in ends})
        return cls(dataset.name, pd.DataFrame(own).reset_index(drop=True).join(found))

    @property
    def matched(self) -> pd.DataFrame:
        """The pictures whose tag has a word."""
        return self.pictures[self.pictures["step"] != words.UNMATCHED]

    @property
    def steps(self) -> pd.DataFrame:
        """How many tags and pictures each step of the rule matched; see `evaluate.words.steps`."""
        return words.steps(self.pictures, self.pictures["tag"])

    def correlation(self, rating: str, exact: bool = False, category: str = "") -> Interval:
        """Pearson's r of the word's and the picture's rating; the interval resamples words.

        Many tags share a word ("sad face" and "happy face" are both looked up as "face"): pictures
        with one word have its rating, and its error, in common.

        exact: only tags that are in the norms as they are. category: only its pictures.
        """
        some = self._some(exact, category)
        return evaluate.pearson_interval(some[rating], some[f"{rating}_word"], some["word"])

    def difference(self, exact: bool = False) -> Interval:
        """r of valence minus r of arousal, both on each resample of words."""
        some = self._some(exact)
        sides = [(some[rating], some[f"{rating}_word"]) for rating in RATINGS]
        return evaluate.pearson_difference(*sides, groups=some["word"])

    def ceiling(self, rating: str, exact: bool = False, category: str = "") -> float:
        """The r to expect if picture and word were felt to be the very same: what raters' errors
        in both leave of 1, √(reliability of the pictures · reliability of the words)."""
        some = self._some(exact, category)
        sides = [
            reliability.ceiling(*(some[f"{name}{end}"] for end in ("", "_sd", "_n")))
            for name in (rating, f"{rating}_word")
        ]
        return math.prod(sides)

    def parts(self, rating: str) -> pd.DataFrame:
        """Variance between tags, within them, and of raters' errors; `reliability.parts`."""
        spread = [self.pictures[f"{rating}{end}"] for end in ("_sd", "_n")]
        return reliability.parts(self.pictures[rating], self.pictures["tag"], *spread)

    def record(self) -> None:
        """Record the correlations, by step and by category, and the parts of the variance."""
        for step, counts in self.steps[self.steps["tags"] > 0].iterrows():
            for column in ("share of tags", "share of pictures"):
                count = int(counts[column.removeprefix("share of ")])
                self._row("Tags that are words", step, column, "share", counts[column], n=count)
        categories = sorted(set(self.matched["category"]))
        ways = {"": {}} if self._all_exact else {"": {}, ", exact matches": {"exact": True}}
        for rating in RATINGS:
            name = f"{rating} of word and image"
            cells = [("Figure 8", f"{name}{way}", which) for way, which in ways.items()]
            if len(categories) > 1:
                cells += [
                    ("Figure 8, by category", f"{name}, {one}", {"category": one})
                    for one in categories
                ]
            for item, row, which in cells:
                found, n = self.correlation(rating, **which), len(self._some(**which))
                top = self.ceiling(rating, **which)
                self._row(item, row, "Pearson correlation", "pearson", *found, n, 0.0, top)
            for part, line in self.parts(rating).iterrows():
                found = line[["share", "low", "high"]]
                n = len(self.pictures)
                self._row("Same object, different emotion", part, rating, "share", *found, n)
        for way, which in ways.items():
            found, n = self.difference(**which), len(self._some(**which))
            row = way.removeprefix(", ") or "all matches"
            self._row("Figure 8, in pairs", row, "valence over arousal", "gain", *found, n)

    @property
    def _all_exact(self) -> bool:
        return set(self.matched["step"]) == {words.STEPS[0]}

    def _row(self, item, row, column, metric, *values, **named) -> None:
        values = [value if np.isfinite(value) else None for value in values]
        note = "not run: there are too few pictures" if values[0] is None else ""
        record_row(PAPER, item, row, column, self.name, metric, *values, **named, note=note)

    def _some(self, exact: bool = False, category: str = "") -> pd.DataFrame:
        some = self.matched
        some = some[some["step"] == words.STEPS[0]] if exact else some
        return some[some["category"] == category] if category else some
