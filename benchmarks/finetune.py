"""What the house's training loop costs beside a bare one.

Both train the same network (all layers, from the same pretrained weights) on the same batches:
random squares of decoded pictures, cut and mirrored as `FineTunedClassifier` does. They take turns
in one process, on as many threads as torch has, and medians are compared:

- ours: `train.fit`, as `FineTunedClassifier.fit` calls it, with Fabric underneath, validation left
  out,
- bare: the loop of torchvision's reference scripts: forward, loss, zero_grad, backward, step.

The last line, `ratio: X`, is the images per second of ours divided by those of bare.
"""

import argparse
import copy
import statistics
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from emobook import datasets, train
from emobook.models._pictures import Pictures, Trained, channels_last
from emobook.models.finetune import FineTunedClassifier


def bare(module, batches, optimizer):
    """One epoch as in torchvision's `train_one_epoch`, without its logging."""
    module.train()
    for inputs, target in batches(0):
        output = module(*inputs)
        loss = cross_entropy(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def ours(module, batches, optimizer):
    train.fit(module, cross_entropy, batches, optimizer=optimizer, epochs=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--images", type=int, default=64, help="synthetic scenes in an epoch")
    parser.add_argument("--size", type=int, help="side of the square; default: the recipe's")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5, help="times that each rival has its turn")
    options = parser.parse_args()

    data = datasets.load("synthetic", n=options.images)
    model = FineTunedClassifier(
        options.backbone, size=options.size, batch_size=options.batch_size, validation_share=0
    )
    network, model.recipe_ = model._build(8, pretrained=True)
    model.network_ = channels_last(network)
    labels = torch.from_numpy(np.asarray(data.labels))
    batches = Pictures(data.table, model).batches(np.arange(options.images), [labels])

    rates = {"ours": [], "bare": []}
    for turn in range(options.rounds + 1):
        rivals = [("ours", ours), ("bare", bare)]
        for name, run in rivals if turn % 2 else rivals[::-1]:
            module = Trained(copy.deepcopy(model.network_), model.recipe_, live=False)
            optimizer = torch.optim.SGD(module.parameters(), lr=0.001, momentum=0.9)
            start = time.perf_counter()
            run(module, batches, optimizer)
            if turn:  # the first is for warming up
                rates[name].append(options.images / (time.perf_counter() - start))
    ratios = [a / b for a, b in zip(rates["ours"], rates["bare"], strict=True)]

    print(
        f"{options.backbone}, {model.recipe_.size} pixels, batches of {options.batch_size}, "
        f"{torch.get_num_threads()} threads, median of {options.rounds}"
    )
    for name, values in rates.items():
        print(f"{name:<5} {statistics.median(values):7.1f} images/s")
    print(f"from {min(ratios):.2f} to {max(ratios):.2f} in single rounds")
    print(f"ratio: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
