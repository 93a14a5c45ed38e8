"""Twitter_LDL: votes of 8 people for each image (Yang, Sun and Sun 2017)."""

from emobook.datasets.base import Dataset
from emobook.datasets.ldl import load_votes, votes_info

INFO = votes_info("twitter_ldl", "Twitter_LDL", voters=8, images=10032, ties=835)


def load(root=None) -> Dataset:
    """Every line of `twitter_ldl_votes.txt`; see `emobook.datasets.ldl.load_votes`."""
    return load_votes(INFO, root)
