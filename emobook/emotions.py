"""Mikels' eight emotions, their polarity, their wheel, and the distributions drawn on it.

Wherever a label is asked for, a name of `MIKELS8`, its index, or an array of either will do.

Sources: the eight categories are those of Mikels et al. (2005); the ring order and the counting
of steps follow Zhao et al. (ACM MM 2016), whose distance is 1 + steps, with no extra for crossing
polarity; the distribution is eq. 4 of Rao et al. (2019), whose second line must read p* for p.
"""

import numbers

import numpy as np

MIKELS8 = (
    "amusement", "anger", "awe", "contentment", "disgust", "excitement", "fear", "sadness",
)  # fmt: skip
POSITIVE = ("amusement", "awe", "contentment", "excitement")
WHEEL = (
    "fear", "sadness", "disgust", "anger", "amusement", "contentment", "awe", "excitement",
)  # fmt: skip


def indices(label, *, n: int = 8, argument: str = "label") -> np.ndarray:
    """Turn names or indices into indices 0..n-1: an int64 array of the same shape as `label`.

    Names are understood for the eight only. Raises ValueError, calling the input `argument`.
    """
    try:
        values = np.asarray(label)
    except ValueError:  # lists of unequal length
        raise ValueError(f"{argument} must be one label or an array of labels") from None
    if values.dtype.kind in "iu":
        result = values
    elif values.dtype.kind in "UO" or values.size == 0:
        result = np.array([_index(v, n, argument) for v in values.flat])
        result = result.reshape(values.shape)
    else:
        raise ValueError(
            f"{argument} must hold names or whole numbers, not values of type {values.dtype}"
        )
    outside = (result < 0) | (result >= n)
    if outside.any():
        odd = result[outside].flat[0]
        raise ValueError(f"{argument} must lie in 0..{n - 1}, but contains {odd}")
    return result.astype(np.int64)


def polarity(label):
    """ "positive" or "negative": a str for one label, an array of str for an array of labels."""
    signs = np.where(np.isin(np.asarray(MIKELS8), POSITIVE), "positive", "negative")
    found = signs[indices(label)]
    return str(found) if found.ndim == 0 else found


def wheel_steps(a, b, *, ring=WHEEL):
    """Steps between `a` and `b` along the ring: 0 (same) to 4 (opposite).

    An int for two single labels, else an int64 array of the shapes' broadcast. `ring` names the
    eight in another circular order. Raises ValueError for unknown labels and unfit shapes.
    """
    first, second = indices(a, argument="a"), indices(b, argument="b")
    try:
        steps = _ring_steps(ring)[first, second]
    except IndexError:
        raise ValueError(
            f"a and b must have the same shape or be single labels, not {first.shape} "
            f"and {second.shape}"
        ) from None
    return int(steps) if steps.ndim == 0 else steps


def wheel_distribution(label, p, *, offset: float = 1, ring=WHEEL) -> np.ndarray:
    """Spread 1 - p over the other seven emotions by their closeness on the wheel (Rao eq. 4).

    label: the dominant emotion, one or (N,). p: its probability in (0, 1], one or (N,).
    offset: the weight of another emotion is 1 / (steps + offset); 1 is Zhao's distance (the
    default), 0 counts plain steps, and Rao does not say which was meant.
    ring: the eight in another circular order, for ablations with a shuffled wheel.

    Returns float64 (8,), or (N, 8) where label or p is an array; rows sum to 1 as they stand.
    Raises ValueError that names the argument.
    """
    if not (isinstance(offset, numbers.Real) and 0 <= offset < np.inf):
        raise ValueError(f"offset must be a finite number of at least 0, not {offset!r}")
    apart = _ring_steps(ring) + np.eye(8)  # the diagonal takes no part; 1 keeps it divisible
    return spread(label, p, 1 / (apart + offset))


def uniform_distribution(label, p, n: int = 8) -> np.ndarray:
    """Spread 1 - p evenly over the other n - 1 classes: label smoothing with the same p.

    Arguments and result as in `wheel_distribution`; for n other than 8 labels are indices.
    """
    if not isinstance(n, numbers.Integral) or n < 2:
        raise ValueError(f"n must be a whole number of at least 2, not {n!r}")
    return spread(label, p, np.ones((n, n)))


def spread(label, p, weights) -> np.ndarray:
    """Spread 1 - p over the other classes in proportion to `weights[label]`, any table of weights.

    label and p as in `wheel_distribution`, labels as indices where there are other than eight.
    weights: (n, n), at least 0, one row for each label; the diagonal is ignored. Returns float64
    (n,) or (N, n). Raises ValueError that names the argument.
    """
    weights = _numbers("weights", weights, "must be a square table of numbers")
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1] or len(weights) < 2:
        raise ValueError(f"weights must be a square table, not of shape {weights.shape}")
    n = len(weights)
    weights = np.where(np.eye(n, dtype=bool), 0.0, weights)
    if not (weights >= 0).all() or not (weights.sum(axis=1) > 0).all():
        raise ValueError("weights must be at least 0, with something above 0 beside the diagonal")
    shares = weights / weights.sum(axis=1, keepdims=True)
    label = indices(label, n=n)
    p = _numbers("p", p, "must hold numbers in (0, 1]")
    if not ((p > 0) & (p <= 1)).all():
        raise ValueError("p must lie in (0, 1]: it is the probability of the dominant emotion")
    for name, value in (("label", label), ("p", p)):
        if value.ndim > 1:
            raise ValueError(f"{name} must be one value or of shape (N,), not {value.shape}")
    if label.ndim and p.ndim and label.shape != p.shape:
        raise ValueError(f"p must be one value or as long as label, {len(label)}, not {len(p)}")
    return shares[label] * (1 - p)[..., None] + np.eye(n)[label] * p[..., None]


def _numbers(name: str, values, wanted: str) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} {wanted}") from None


def _ring_steps(ring) -> np.ndarray:
    """The 8 × 8 table of steps along `ring`, in the order of MIKELS8."""
    order = indices(ring, argument="ring")
    if sorted(order.flat) != list(range(8)):
        raise ValueError("ring must name each of the eight emotions exactly once")
    position = np.argsort(order)
    apart = np.abs(position[:, None] - position)
    return np.minimum(apart, 8 - apart)


def _index(value, n: int, argument: str) -> int:
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return int(value)
    if n == 8 and value in MIKELS8:
        return MIKELS8.index(value)
    known = f"one of {', '.join(MIKELS8)} or " if n == 8 else ""
    raise ValueError(f"{argument} must be {known}an index in 0..{n - 1}, not {value!r}")
