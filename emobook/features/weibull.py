"""Maximum-likelihood fit of the Weibull distribution."""

import numpy as np

_TOLERANCE = 1e-5  # relative change of γ after which the next would be about its square
_MAX_STEPS = 100  # five are usual


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
    fits = np.array([_fit(row) for row in rows]).reshape(*values.shape[:-1], 2)
    return fits[..., 0], fits[..., 1]


def _fit(row: np.ndarray) -> tuple[float, float]:
    logs = np.log(row)
    top = logs.max()
    logs -= top  # so that powers do not overflow; a factor of all values leaves γ as it is
    if not logs.any():
        return row[0], np.inf
    mean, gamma = logs.mean(), np.pi / np.sqrt(6) / logs.std()
    for _ in range(_MAX_STEPS):
        powers = np.exp(gamma * logs)
        total = powers.sum()
        powers *= logs
        first = powers.sum() / total
        # einsum, since the result of a BLAS product may depend on the number of threads
        second = np.einsum("i,i", powers, logs) / total
        slope = second - first**2 + 1 / gamma**2
        step = (first - 1 / gamma - mean) / slope
        before, gamma = gamma, np.clip(gamma - step, gamma / 2, 2 * gamma)  # γ stays positive
        if abs(gamma / before - 1) < _TOLERANCE:
            break
    scale = np.exp(gamma * logs).mean()
    return np.exp(top + np.log(scale) / gamma), gamma
