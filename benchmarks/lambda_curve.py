"""What a whole λ curve costs: 33 heads at once (11 λ × 3 seeds) against one head.

The features are synthetic (normal numbers), so that only training is timed. Three rivals take
turns in the same process, and the medians are compared:

- curve: `lambda_path` with 11 λ and 3 seeds,
- head: `lambda_path` with one λ and one seed, the same code for a single head,
- estimator: `SoftmaxHead(loss="multi_task")`, which a loop over λ and seeds would fit 33 times.

The last line, `ratio: X`, is curve / head.
"""

import argparse
import statistics
import time

import numpy as np

from emobook.emotions import wheel_distribution
from emobook.models.heads import SoftmaxHead, lambda_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--features", type=int, default=1280)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5, help="times that each rival has its turn")
    options = parser.parse_args()

    draw = np.random.default_rng(0)
    features = draw.normal(size=(options.images, options.features))
    labels = draw.integers(8, size=options.images)
    distributions = wheel_distribution(labels, 0.7)
    sgd = {"epochs": options.epochs, "batch_size": options.batch_size}
    rivals = {
        "curve": lambda: lambda_path(features, labels, distributions, **sgd),
        "head": lambda: lambda_path(features, labels, distributions, lams=[0.4], seeds=[0], **sgd),
        "estimator": lambda: SoftmaxHead(loss="multi_task", lam=0.4, **sgd).fit(
            features, labels, distributions
        ),
    }
    seconds = {name: [] for name in rivals}
    for turn in range(options.rounds + 1):
        for name, run in rivals.items():
            start = time.perf_counter()
            run()
            if turn:  # the first is for warming up
                seconds[name].append(time.perf_counter() - start)
    median = {name: statistics.median(values) for name, values in seconds.items()}

    print(
        f"synthetic features {features.shape}, 8 classes, {options.epochs} epochs in batches of "
        f"{options.batch_size}, one thread, median of {options.rounds}"
    )
    for name, value in median.items():
        print(f"{name:<10} {value:8.3f} s")
    one_by_one = 33 * median["estimator"] / median["curve"]
    print(f"33 estimators one by one would cost {one_by_one:.1f} × the curve")
    print(f"curve / estimator: {median['curve'] / median['estimator']:.2f}")
    print(f"ratio: {median['curve'] / median['head']:.2f}")


if __name__ == "__main__":
    main()
