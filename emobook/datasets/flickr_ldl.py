"""Flickr_LDL: votes of 11 people for each image (Yang, Sun and Sun 2017)."""

from emobook.datasets.base import Dataset
from emobook.datasets.ldl import load_votes, votes_info

INFO = votes_info("flickr_ldl", "Flickr_LDL", voters=11, images=11150, ties=1030)


def load(root=None) -> Dataset:
    """Every line of `flickr_ldl_votes.txt`; see `emobook.datasets.ldl.load_votes`."""
    return load_votes(INFO, root)
