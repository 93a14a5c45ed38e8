"""Do a run's rows still agree with the committed ones? `emobook.results.check`."""

import json
import math

import pandas as pd
import yaml

from emobook import _files
from emobook.results import record, stored

PROVENANCE = (
    "notebook", "profile", "parameters", "commit", "versions", "hardware", "started", "seconds",
)  # fmt: skip


def check(profile: str = "mini") -> list[str]:
    """Compare `_build/results/<profile>` with the committed `results/<profile>`.

    A value and its bounds may move by `absolute` or by `interval` times the width of the recorded
    interval, whichever is more; baselines and ceilings by `absolute`; counts and notes must not
    change. Both settings are in `results/tolerances.yml`, which says how to change them for single
    rows. Returns one sentence per difference, none where all agree. Raises ValueError for a
    malformed tolerances.yml.
    """
    profile = stored.profile_name(profile)
    rules = _rules()
    recorded = stored.folder_rows(stored.reference_folder(profile))
    ran = stored.folder_rows(stored.run_folder(profile))
    if not recorded:
        return [f"nothing is recorded in results/{profile}: there is nothing to compare with"]
    found = []
    for notebook in sorted(recorded.keys() | ran.keys()):
        if notebook not in ran:
            found.append(f"{notebook}: recorded, but it has not run in profile {profile}")
        elif notebook not in recorded:
            found.append(f"{notebook}: it has run, but results/{profile} has no rows of it")
        else:
            found += _differences(notebook, recorded[notebook], ran[notebook], rules)
    return found


def keep(profile: str = "mini") -> list[str]:
    """Make the rows of the last run those to compare with, in `results/<profile>`; their notebooks.

    Beside each rows.csv goes what its provenance says of date, commit, versions and hardware.
    Raises ValueError where that profile has not run.
    """
    profile = stored.profile_name(profile)
    ran = stored.run_folder(profile)
    names = list(stored.folder_rows(ran))
    if not names:
        raise ValueError(f"profile {profile} has not run: run `emobook run --profile {profile}`")
    for name in names:
        about = json.loads((ran / name / "provenance.json").read_text(encoding="utf-8"))
        about = {part: about[part] for part in PROVENANCE if part in about}
        folder = stored.reference_folder(profile) / name
        _files.write_atomic(folder / "rows.csv", (ran / name / "rows.csv").read_bytes())
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        _files.write_atomic(folder / "provenance.json", text)
    return names


def _differences(notebook, recorded: pd.DataFrame, ran: pd.DataFrame, rules) -> list[str]:
    key = list(record.KEY)
    before, after = (
        {tuple(row[name] for name in key): row for row in frame.to_dict("records")}
        for frame in (recorded, ran)
    )
    found = []
    for cell in sorted(before.keys() | after.keys()):
        where = f"{notebook}: {' · '.join(part for part in cell if part)}"
        if cell not in after:
            found.append(f"{where}: recorded, but not in the run")
        elif cell not in before:
            found.append(f"{where}: in the run, but not recorded")
        else:
            rule = _rule(rules, notebook, before[cell])
            found += [f"{where}: {text}" for text in _changes(before[cell], after[cell], rule)]
    return found


def _changes(old: dict, new: dict, rule: dict) -> list[str]:
    width = old["high"] - old["low"]
    wide = (
        rule["absolute"] if math.isnan(width) else max(rule["absolute"], rule["interval"] * width)
    )
    found = []
    for name in ("value", "low", "high", "baseline", "ceiling"):
        allowed = rule["absolute"] if name in ("baseline", "ceiling") else wide
        a, b = old[name], new[name]
        if math.isnan(a) != math.isnan(b):
            found.append(f"{name} was {_text(a)} and is {_text(b)}")
        elif abs(a - b) > allowed + 1e-12:
            found.append(f"{name} was {_text(a)} and is {_text(b)}, {allowed:.3g} is allowed")
    if not (pd.isna(old["n"]) and pd.isna(new["n"])) and str(old["n"]) != str(new["n"]):
        found.append(f"n was {_text(old['n'])} and is {_text(new['n'])}")
    if old["note"] != new["note"]:
        found.append(f"note was {old['note']!r} and is {new['note']!r}")
    return found


def _text(number) -> str:
    return "empty" if pd.isna(number) else f"{number:.6g}"


def _rules() -> dict:
    path = _files.root_dir() / "results" / "tolerances.yml"
    with open(path, encoding="utf-8") as file:
        rules = yaml.safe_load(file)
    allowed = {"default": {"absolute", "interval"}, "rows": {"match", "absolute", "interval"}}
    wrong = ValueError(f"{path} is malformed: its first lines say what it may hold")
    if not isinstance(rules, dict) or set(rules) - allowed.keys() or "default" not in rules:
        raise wrong
    lines = [("default", rules["default"]), *(("rows", line) for line in rules.get("rows") or [])]
    for part, line in lines:
        if not isinstance(line, dict) or set(line) - allowed[part]:
            raise wrong
        numbers = [value for name, value in line.items() if name != "match"]
        if not all(isinstance(n, int | float) and n >= 0 for n in numbers):
            raise wrong
        if part == "default" and len(numbers) < 2:
            raise wrong
        if part == "rows" and set(line.get("match") or ["?"]) - {"notebook", *record.KEY}:
            raise wrong
    return rules


def _rule(rules: dict, notebook: str, row: dict) -> dict:
    """The default, overridden by each line of `rows` that matches, later ones last."""
    known = {"notebook": notebook, **row}
    rule = dict(rules["default"])
    for line in rules.get("rows") or []:
        if all(known[name] == value for name, value in line["match"].items()):
            rule |= {name: value for name, value in line.items() if name != "match"}
    return rule
