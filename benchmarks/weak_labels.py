"""3,000,000 weakly labelled posts: emobook.datasets.crowd against the same pipeline in pandas.

Both read the same Parquet file, leave out posts of two emotions, exact duplicates and
near-duplicates, count the funnel, and draw the images for the workers and the noisy set. Each runs
in a process of its own, whose peak memory is asked for at the end; they take turns. The peer is
what a careful pandas user writes: categories, narrow integers, no copy kept. The search for
similar hashes and the lots of the draws are the same functions for both; the time in the search
is also printed alone. Both have to come to the same posts and the same funnel.

The last line, `ratio: X`, is the time of pandas / ours, the one above it the same of the peak
memory. Fails where ours is above 2 GB.
"""

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What is heavy is imported in the children: a child's peak begins at what its parent holds.
LIMIT = 2e9
DISTANCE = 4  # bits in which similar hashes may differ


def simulate(path: str, posts: int) -> dict:
    from emobook.datasets import crowd

    crowd.simulate_crawl(posts).write_parquet(path)
    return {}


def ours(path: str) -> dict:
    import polars as pl

    from emobook.datasets import crowd

    kept, funnel = crowd.clean(pl.scan_parquet(path), distance=DISTANCE)
    submitted = crowd.draw_for_labelling(kept)
    noisy = crowd.draw_noisy_set(kept, submitted)
    return result(kept["post"], submitted["post"], noisy["post"], funnel["images"].to_list())


def in_pandas(path: str) -> dict:
    import numpy as np
    import pandas as pd

    from emobook.datasets.duplicates import near_groups
    from emobook.emotions import MIKELS8

    rows = pd.read_parquet(path)
    rows["platform"] = rows["platform"].cat.set_categories(["flickr", "instagram"])
    rows["query"] = rows["query"].cat.set_categories(MIKELS8)
    counts = []

    def count():
        sizes = rows.groupby(["platform", "query"], observed=False).size()
        counts.append(sizes.sort_index().to_numpy())

    count()
    own = np.left_shift(np.uint8(1), rows["query"].cat.codes.to_numpy().astype(np.uint8))
    rows = rows[(rows["tags"] | own) == own]
    count()
    rows = rows.sort_values("post").drop_duplicates("file")
    count()
    groups = near_groups(rows["look"].to_numpy(), DISTANCE)
    rows = rows[~pd.Series(groups, rows.index).duplicated()]
    count()

    from emobook.datasets.crowd.weak import lots  # this late, so that polars weighs on one only

    def draw(some, wanted):
        some = some.assign(lot=lots(some["post"].to_numpy(), 0)).sort_values("lot")
        place = some.groupby("query", observed=False).cumcount()
        return some[place < some["query"].map(wanted).astype(int)]

    submitted = draw(rows, dict.fromkeys(MIKELS8, 11_000) | {"fear": 13_000})
    rest = rows[~rows["post"].isin(submitted["post"])]
    noisy = draw(rest, dict.fromkeys(MIKELS8, 20_000))
    return result(rows["post"], submitted["post"], noisy["post"], np.concatenate(counts).tolist())


RIVALS = {"pandas": in_pandas, "ours": ours}


def result(kept, submitted, noisy, funnel) -> dict:
    import numpy as np

    parts = {"kept": kept, "submitted": submitted, "noisy": noisy}
    parts = {name: np.sort(part.to_numpy()) for name, part in parts.items()}
    sizes = {name: len(part) for name, part in parts.items()}
    marks = {name: hashlib.sha256(part.tobytes()).hexdigest() for name, part in parts.items()}
    return {"sizes": sizes, "marks": marks, "funnel": funnel}


def child(role: str, path: str, posts: int) -> None:
    """Run one part and print what came out of it, its seconds and its peak memory in bytes."""
    from emobook.datasets import duplicates

    search, searching = duplicates.near_groups, []

    def timed_search(*arguments):
        start = time.perf_counter()
        groups = search(*arguments)
        searching.append(time.perf_counter() - start)
        return groups

    duplicates.near_groups = timed_search
    start = time.perf_counter()
    outcome = simulate(path, posts) if role == "simulate" else RIVALS[role](path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024
    print(json.dumps([outcome, seconds, sum(searching), peak]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--posts", type=int, default=3_000_000)
    parser.add_argument("--rounds", type=int, default=3, help="times that each rival has its turn")
    parser.add_argument("--child", nargs=2, metavar=("ROLE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child, options.posts)
        return
    if options.posts < 1 or options.rounds < 1:
        parser.error("--posts and --rounds must be at least 1")

    def run(role):
        command = [sys.executable, __file__, "--child", role, path, "--posts", str(options.posts)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "crawl.parquet"))
        _, seconds, _, peak = run("simulate")
        megabytes = Path(path).stat().st_size / 1e6
        print(
            f"{options.posts:,} posts simulated and written ({megabytes:.0f} MB) in "
            f"{seconds:.1f} s, peak {peak / 1e9:.2f} GB"
        )
        runs = {name: [] for name in RIVALS}
        for _ in range(options.rounds):
            for name, found in runs.items():
                found.append(run(name))
    outcomes = [outcome for found in runs.values() for outcome, *_ in found]
    if any(outcome != outcomes[0] for outcome in outcomes):
        sys.exit("the two do not come to the same posts")
    sizes = ", ".join(f"{name} {size:,}" for name, size in outcomes[0]["sizes"].items())
    print(f"both: {sizes}; the same posts, the same funnel")
    peaks, times = {}, {}
    for name, found in runs.items():
        _, seconds, searching, peak = zip(*found, strict=True)
        peaks[name], times[name] = max(peak), statistics.median(seconds)
        print(
            f"{name:<7} peak {peaks[name] / 1e9:.2f} GB, {times[name]:.1f} s, of which the search "
            f"for similar hashes {statistics.median(searching):.1f} s"
        )
    print(f"peak memory of pandas / ours: {peaks['pandas'] / peaks['ours']:.2f}")
    print(f"ratio: {times['pandas'] / times['ours']:.2f}")
    if peaks["ours"] > LIMIT:
        sys.exit(f"ours needs more than {LIMIT / 1e9:.0f} GB")


if __name__ == "__main__":
    main()
