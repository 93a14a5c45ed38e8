"""What the grid of Rapolu et al. (5 α × 8 C, five folds) costs, against scikit-learn's search.

The features are those of the frozen networks that stand in for the paper's: EfficientNet-Lite0 and
Lite2 pooled, and Lite1's 1000 probabilities. Of fi's 374 photos where `$EMOBOOK_DATA` has them, of
as many drawn scenes otherwise; they are computed beforehand. Two rivals take turns in one process:

- path: `fusion_path`, three distance matrices for the whole grid;
- search: scikit-learn's `GridSearchCV` over a pipeline that weighs the blocks, joins them and fits
  the same support vector machine, without a refit.

Both must find the same scores. The last line, `ratio: X`, is search / path.
"""

import argparse
import itertools
import statistics
import time

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from emobook import datasets
from emobook._threads import one_thread
from emobook.features import DeepFeatures
from emobook.models.fusion import convex, join, svm_head
from emobook.models.fusion_path import ALPHAS, CS, fusion_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="times that each rival has its turn")
    options = parser.parse_args()

    try:
        data = datasets.load("fi")
    except datasets.DatasetError as reason:
        print(f"drawn scenes instead of photos: {reason}")
        data = datasets.load("synthetic", n=374)
    layers = {
        "tf_efficientnet_lite0": "pooled",
        "tf_efficientnet_lite2": "pooled",
        "tf_efficientnet_lite1": "probabilities",
    }
    blocks = [DeepFeatures(*pair).transform(data.table).astype(float) for pair in layers.items()]
    cuts = np.cumsum([0, *(block.shape[1] for block in blocks)])
    folds = list(StratifiedKFold(5, shuffle=True, random_state=0).split(blocks[0], data.labels))
    joined = np.hstack(blocks)

    def weigh(X, alpha):
        return join([X[:, a:b] for a, b in itertools.pairwise(cuts)], convex(alpha))

    model = Pipeline([("weigh", FunctionTransformer(weigh)), ("svc", svm_head())])
    grid = {"weigh__kw_args": [{"alpha": alpha} for alpha in ALPHAS], "svc__C": CS}
    search = GridSearchCV(model, grid, cv=folds, refit=False)
    seconds = {"path": [], "search": []}
    with one_thread():
        for _ in range(options.rounds):
            start = time.perf_counter()
            path = fusion_path(blocks, data.labels, ALPHAS, CS, cv=folds)
            seconds["path"].append(time.perf_counter() - start)
            start = time.perf_counter()
            search.fit(joined, data.labels)
            seconds["search"].append(time.perf_counter() - start)
    found = search.cv_results_["mean_test_score"].reshape(len(CS), len(ALPHAS)).T
    np.testing.assert_allclose(path.scores, found, atol=1e-12)

    shape = " × ".join(map(str, (len(ALPHAS), len(CS), len(folds))))
    print(
        f"{data.name}, {len(data)} pictures, {joined.shape[1]} features, {shape} fits, one thread"
    )
    for name, values in seconds.items():
        print(f"{name:<8} {statistics.median(values):8.3f} s, median of {options.rounds}")
    ratios = [b / a for a, b in zip(*seconds.values(), strict=True)]
    print(f"from {min(ratios):.1f} to {max(ratios):.1f} in single rounds; equal scores")
    print(f"ratio: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
