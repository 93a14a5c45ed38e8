"""Figures of how a set is built: the crawl, its copies, the workers and what their votes leave."""

import numpy as np
from matplotlib.figure import Figure

from emobook.datasets import crowd
from emobook.emotions import MIKELS8
from emobook.plots import panels
from emobook.plots.figure import figure, style

GREY, BLUE, LIGHT, ORANGE = "#949494", "#0173b2", "#9ecae9", "#d55e00"


def vote_curve(right: float = 0.8, wrong: float = 0.25) -> Figure:
    """The chance that at least 3 of 5 say yes, over the chance of one yes, with two examples: a
    yes to a right and to a wrong label."""
    yes = np.linspace(0, 1, 101)
    fig, axes = figure(size=(5.2, 3.6))
    with style():
        axes.plot(yes, crowd.after_vote(1, yes, 1)["rate"], label="at least 3 of 5 say yes")
        axes.plot(yes, yes, "--", color="#333333", label="one worker decides")
        for chance, label in ((right, "the label is right"), (wrong, "the label is wrong")):
            kept = crowd.after_vote(1, chance, 1)["rate"]
            axes.plot(chance, kept, "o", color=ORANGE)
            axes.annotate(label, (chance, kept), (6, -14), textcoords="offset points")
        axes.set(xlabel="chance that one worker says yes", ylabel="chance that the picture is kept")
        axes.set_xlim(-0.03, 1.2)
        axes.legend(loc="upper left")
    return fig


def crawled(funnel) -> Figure:
    """You et al.'s Fig. 2: a panel for each platform, a bar for each emotion; light what the first
    step of the funnel has, dark what the last one leaves.

    funnel: as `crowd.funnel` returns it, or as a pandas table.
    """
    funnel = funnel if hasattr(funnel, "loc") else funnel.to_pandas()
    steps = list(dict.fromkeys(funnel["step"]))
    fig, axes = panels(crowd.PLATFORMS, size=(4.4, 3.0), xlabel="thousands of pictures")
    with style():
        for platform, axis in axes.items():
            for step, color in ((steps[0], LIGHT), (steps[-1], BLUE)):
                part = funnel[(funnel["platform"] == platform) & (funnel["step"] == step)]
                label = "downloaded" if step == steps[0] else "after cleaning"
                axis.barh(part["query"], part["images"] / 1000, color=color, label=label)
            axis.set_title(platform.title())
        axis.invert_yaxis()
        fig.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def distances(bits: dict, limit: int) -> Figure:
    """A row of dots for each kind of pair: how many bits of 64 their hashes differ by.

    bits: kind → (N,) whole numbers. A line stands after `limit`.
    """
    fig, axes = figure(size=(7.5, 0.9 + 0.42 * len(bits)))
    rng = np.random.default_rng(0)
    with style():
        for row, values in enumerate(bits.values()):
            spread = row + rng.uniform(-0.3, 0.3, len(values))
            axes.plot(values, spread, ".", color=BLUE, alpha=0.4)
        axes.axvline(limit + 0.5, color=ORANGE)
        axes.set_yticks(range(len(bits)), bits)
        axes.set(xlabel="bits that differ, of 64")
        axes.invert_yaxis()
    return fig


def qualified(workers, passed) -> Figure:
    """Left: the workers' skills, and the chance to pass that a skill gives. Right: how those who
    failed and those who passed verify.

    workers, passed: tables as of `crowd.simulate_workers` and `crowd.qualification`.
    """
    skill = np.linspace(0, 1, 101)
    failed = workers[~workers["worker"].isin(passed["worker"])]
    fig, (left, right) = figure(1, 2, size=(8.6, 3.5))
    with style():
        left.hist(workers["skill"], 40, color=GREY)
        left.set(xlabel="skill: share of pictures named right", ylabel="workers")
        chance = left.twinx()
        chance.plot(skill, crowd.chance_of_passing(skill), color=BLUE)
        chance.set_ylabel("chance to pass", color=BLUE)
        chance.grid(False)
        for group, color, label in ((failed, GREY, "failed"), (passed, ORANGE, "passed")):
            wrongly = 1 - group["specificity"]
            right.plot(wrongly, group["sensitivity"], ".", color=color, label=label)
        right.set(xlabel="says yes where no is right", ylabel="says yes where yes is right")
        right.legend(loc="lower right")
    return fig


def purities(rates, kinds: dict) -> Figure:
    """What acceptance rates imply: per kind of workers and emotion, a bar from the share of right
    labels before the vote to that after it; none where such workers cannot have that rate.

    rates: (8,) accepted shares in the order of `MIKELS8`. kinds: name → (sensitivity, specificity).
    """
    fig, axes = panels(kinds, size=(2.9, 3.5), xlabel="share of right labels")
    with style():
        for name, (sensitivity, specificity) in kinds.items():
            before = crowd.purity_from_acceptance(rates, sensitivity, specificity)
            left = np.nan_to_num(before)
            after = 1 - crowd.after_vote(left, sensitivity, specificity)["noise"]
            width = np.where(np.isnan(before), 0, after - left)
            axes[name].barh(MIKELS8, width, left=left, color=LIGHT, edgecolor=BLUE)
            about = f"sensitivity {sensitivity:g}\nspecificity {specificity:g}"
            axes[name].set(xlim=(0, 1.02), xticks=(0, 0.5, 1), title=f"{name}\n{about}")
        axes[name].invert_yaxis()
    return fig
