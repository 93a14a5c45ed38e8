"""How a data set of emotions is built from posts and workers: the pipeline of You et al. (2016)
and the rating protocol of Kim et al. (2018), with simulators whose truth is known.

`crawl` and `weak`: keyword queries → weak labels → the images that go to the workers.
`workers` and `votes`: the qualification test, and five yes or no votes per image; `amt` reads
those of Mechanical Turk; `aggregation`: what to believe of votes, beyond the majority.
`noise`: weak labels as wrong as the pipeline's, for pictures whose truth is known.
`ratings`: valence and arousal on self-assessment manikins.
"""

import importlib

_NAMES = {
    "crawl": (
        "NONE", "PLATFORMS", "PURITY", "SCHEMA", "SHARES", "as_crawl", "fingerprints",
        "read_crawl", "simulate_crawl",
    ),
    "weak": (
        "clean", "draw_for_labelling", "draw_noisy_set", "drop_exact_duplicates",
        "drop_near_duplicates", "drop_two_emotions", "funnel",
    ),
    "workers": ("assign", "chance_of_passing", "qualification", "simulate_workers"),
    "votes": (
        "acceptance", "after_vote", "keep", "purity_from_acceptance", "single_yes",
        "verify_labels",
    ),
    "noise": ("confusion_of", "weak_labels"),
    "amt": ("read_amt", "yes_no"),
    "aggregation": ("METHODS", "aggregate", "compare"),
    "ratings": (
        "adjust", "carry_over", "draw_ratings", "mean_ratings", "reliability", "simulate_ratings",
        "squared_errors",
    ),
}  # fmt: skip
_HOMES = {name: module for module, names in _NAMES.items() for name in names}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in _NAMES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
