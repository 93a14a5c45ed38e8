"""The list of claims: `book/claims.yml`, read and checked."""

from dataclasses import dataclass

import yaml

from emobook import _files, results

PAIRED = (*results.CLASS_METRICS, *results.LOWER_IS_BETTER)
MARGIN = 0.5


@dataclass(frozen=True)
class Unit:
    """How a gain is shown: recorded gain × scale, with so many decimals, then the word."""

    scale: float
    word: str
    decimals: int = 2


UNITS = {
    "%": Unit(100, "points"),
    "MSE": Unit(1, "MSE"),
    "r": Unit(1, "r"),
    "times": Unit(1, "times"),
    "images": Unit(1, "images", 0),
}


@dataclass(frozen=True)
class Test:
    """Which recorded cells a claim sets against each other."""

    item: str
    column: str
    metric: str
    better: str  # the row that the claim says is better
    worse: tuple[str, ...]  # the row that it says is worse; with several, every one of them


@dataclass(frozen=True)
class Measure:
    """What a notebook measures where a claim compares no predictions."""

    measure: str  # in words, so that above 0 speaks for the claim


@dataclass(frozen=True)
class Claim:
    """One line of `book/claims.yml`, whose head explains the fields."""

    id: str
    paper: str
    place: str
    text: str
    printed_gain: float | None
    unit: str
    margin: float
    erratum: str
    test: Test | Measure | None


def claims() -> dict[str, Claim]:
    """Every claim of `book/claims.yml` by id, in the order of the file.

    Raises ValueError that names the claim and the field where the file is malformed.
    """
    path = _files.root_dir() / "book" / "claims.yml"
    with open(path, encoding="utf-8") as file:
        try:
            lines = yaml.safe_load(file)
        except yaml.YAMLError as error:
            raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(lines, list):
        raise ValueError(f"{path} must hold a list of claims")
    found = {}
    for line in lines:
        claim = _claim(line, path.name)
        if claim.id in found:
            raise ValueError(
                f"{path.name} lists the claim {claim.id!r} twice: give each its own id"
            )
        found[claim.id] = claim
    return found


def _claim(line, source: str) -> Claim:
    where = f"{source}, claim {line.get('id') if isinstance(line, dict) else line!r}"
    line = _fields(
        line, where,
        required=("id", "paper", "place", "text", "printed_gain", "test"),
        optional={"unit": "%", "margin": MARGIN, "erratum": ""},
    )  # fmt: skip
    for name in ("id", "paper", "place", "text", "unit", "erratum"):
        if not isinstance(line[name], str):
            raise ValueError(f"{where}: {name} must be text")
    if line["paper"] not in results.PAPERS:
        raise ValueError(f"{where}: paper must be one of {', '.join(results.PAPERS)}")
    if line["unit"] not in UNITS:
        raise ValueError(f"{where}: unit must be one of {', '.join(UNITS)}")
    gain = line["printed_gain"]
    if gain is not None and (not isinstance(gain, int | float) or gain <= 0):
        raise ValueError(f"{where}: printed_gain must be a positive number, or null")
    if not isinstance(line["margin"], int | float) or not 0 < line["margin"] <= 1:
        raise ValueError(f"{where}: margin must lie in (0, 1]")
    if line["test"] is not None:
        line["test"] = _test(line["test"], f"{where}, test")
        pairs = isinstance(line["test"], Test)
        expected = "MSE" if pairs and line["test"].metric in results.LOWER_IS_BETTER else "%"
        if pairs and line["unit"] != expected:
            raise ValueError(f"{where}: unit {line['unit']!r} does not fit the test's metric")
    return Claim(**line)


def _test(line, where: str) -> Test | Measure:
    if isinstance(line, dict) and "measure" in line:
        line = _fields(line, where, required=("measure",))
        if not isinstance(line["measure"], str) or not line["measure"].strip():
            raise ValueError(f"{where}: measure must say in words what is measured")
        return Measure(**line)
    line = _fields(line, where, required=("item", "column", "metric", "better", "worse"))
    worse = line["worse"] if isinstance(line["worse"], list) else [line["worse"]]
    line["worse"] = tuple(worse)
    if not worse or not all(isinstance(t, str) for t in (*worse, line["better"], line["item"])):
        raise ValueError(f"{where}: item, better and worse must be text, worse perhaps a list")
    if line["metric"] not in PAIRED:
        raise ValueError(f"{where}: metric must be one of {', '.join(PAIRED)}")
    return Test(**line)


def _fields(line, where: str, required: tuple, optional: dict | None = None) -> dict:
    optional = optional or {}
    if not isinstance(line, dict):
        raise ValueError(f"{where} must be fields with values")
    for name in required:
        if name not in line:
            raise ValueError(f"{where} lacks {name}")
    for name in line:
        if name not in (*required, *optional):
            raise ValueError(f"{where} has an unknown field {name}")
    return {**optional, **line}
