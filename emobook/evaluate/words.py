"""From the tag of a picture to a word whose emotion is known.

Kim et al. (2018, section IV-C) look up the tags of IAPS in the norms of Warriner et al., which list
lemmas: neither plurals nor phrases. What they did with a tag that is not listed they do not say.
The rule here is ours, and every match says by which step of it it was found.
"""

import re

import pandas as pd

STEPS = ("as it is", "lemma", "last word", "lemma of the last word")
"""How a tag is matched, in the order in which it is tried."""

UNMATCHED = "no match"


def lemmas(word: str) -> list[str]:
    """What a word or phrase may be an inflected form of, by its ending; most likely first.

    Plurals in -s, -es and -ies lose them; forms in -ing become the verb, with an e added or a
    doubled letter made single where need be. No dictionary is asked, so most candidates are none.
    """
    found = []
    if re.search(r"[^s]s$", word):
        found += [word[:-3] + "y"] if word.endswith("ies") else []
        found += [word[:-1]]
        found += [word[:-2]] if word.endswith("es") else []
    stem = word.removesuffix("ing")
    if stem != word and len(stem) > 2:
        found += [stem, stem + "e"]
        found += [stem[:-1]] if stem[-1] == stem[-2] else []
    return found


def match(tag: str, known) -> tuple[str, str]:
    """The word of `known` that stands for a tag, and the step that found it: (word, step).

    The tag is written in small letters, without the number at its end, and is then looked up: as
    it is, as a lemma (`lemmas`), by its last word (of "rubber duck" the duck), and by that word's
    lemma. The first that is found counts; ("", "no match") where none is.
    """
    tag = re.sub(r"\s+\d+$", "", tag.strip().lower())
    last = tag.rpartition(" ")[2]
    tries = ([tag], lemmas(tag), [last], lemmas(last))
    for step, candidates in zip(STEPS, tries, strict=True):
        for word in candidates:
            if word in known:
                return word, step
    return "", UNMATCHED


def lookup(tags, norms: pd.DataFrame) -> pd.DataFrame:
    """The norms of each tag: a row per tag, in order, NaN where there is no match.

    tags: (N,) texts. norms: a table indexed by words in small letters, such as
    `datasets.tables.word_norms()`. Returns the columns `word` and `step` of `match`, then those of
    the norms.
    """
    known, tags = set(norms.index), list(tags)
    matches = {tag: match(tag, known) for tag in dict.fromkeys(tags)}
    found = pd.DataFrame([matches[tag] for tag in tags], columns=["word", "step"])
    return found.join(norms, on="word")


def steps(found: pd.DataFrame, tags) -> pd.DataFrame:
    """How many different tags, and how many pictures, each step of `match` found.

    found: a result of `lookup` for `tags`. Indexed by the steps and "no match"; `tags`,
    `pictures`, and the shares of either.
    """
    each = pd.DataFrame({"tag": list(tags), "step": found["step"].to_numpy()})
    order = [*STEPS, UNMATCHED]
    counts = pd.DataFrame(
        {
            "tags": each.drop_duplicates("tag")["step"].value_counts(),
            "pictures": each["step"].value_counts(),
        }
    )
    counts = counts.reindex(order).fillna(0).astype(int)
    shares = (counts / counts.sum()).add_prefix("share of ")
    return pd.concat([counts, shares], axis=1)
