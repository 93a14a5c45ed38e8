"""Maximum-likelihood fit of the Weibull distribution, many samples at once."""

import numpy as np

_TOLERANCE = 1e-5  # relative change of γ after which the next would be about its square
_MAX_STEPS = 100  # six are usual


def weibull_fit(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weibull parameters (β, γ) of each row, by maximum likelihood.

    The density is γ/β (x/β)^(γ−1) exp(−(x/β)^γ); β, the scale, has the unit of the values, and γ,
    the shape, has none. γ solves Σ x^γ ln x / Σ x^γ − 1/γ = mean ln x, by Newton's method from
    the γ whose distribution of ln x has the rows' variance, π²/(6γ²); then β^γ = mean x^γ.

    values: positive, (..., n). A row whose values are all equal has γ = ∞ and that value as β.
    Returns two float64 arrays (...). Raises ValueError for values that are not positive and
    finite, and for empty rows.
    """
    values = np.asarray(values, dtype=np.float64)
    if not values.ndim or not values.shape[-1]:
        raise ValueError("a Weibull distribution needs at least one value in each row")
    if not (values.min(initial=1) > 0 and np.isfinite(values.max(initial=1))):
        raise ValueError("a Weibull distribution has only positive, finite values")
    rows = values.reshape(-1, values.shape[-1])
    varies = rows.min(axis=1) < rows.max(axis=1)
    beta, gamma = rows[:, 0].copy(), np.full(len(rows), np.inf)
    beta[varies], gamma[varies] = _newton(rows[varies])
    return beta.reshape(values.shape[:-1]), gamma.reshape(values.shape[:-1])


def _newton(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logs = np.log(rows)
    top = logs.max(axis=1, keepdims=True)
    logs -= top  # so that powers do not overflow; a factor of all values leaves γ as it is
    mean = logs.mean(axis=1)
    gamma = np.pi / np.sqrt(6) / logs.std(axis=1)
    for _ in range(_MAX_STEPS):
        powers = np.exp(gamma[:, None] * logs)
        total = powers.sum(axis=1)
        powers *= logs
        first = powers.sum(axis=1) / total
        second = np.einsum("ij,ij->i", powers, logs) / total
        slope = second - first**2 + 1 / gamma**2
        found = gamma - (first - 1 / gamma - mean) / slope
        found = np.clip(found, gamma / 2, 2 * gamma)  # γ stays positive wherever it starts
        change = np.abs(found / gamma - 1).max(initial=0)
        gamma = found
        if change < _TOLERANCE:
            break
    scale = np.exp(gamma[:, None] * logs).mean(axis=1)
    return np.exp(top[:, 0] + np.log(scale) / gamma), gamma
