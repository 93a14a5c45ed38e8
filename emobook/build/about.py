"""What a page says about how it came about, and the two tables over all of them."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Run:
    """How one notebook last ran: `state` is "ran", "failed", "edited" or "missing"."""

    stem: str
    state: str
    title: str
    promise: str
    provenance: dict = field(default_factory=dict)
    error: str = ""

    @property
    def fault(self) -> str:
        """Why the page is not what it should be, in a few words; "" where it is."""
        words = {"ran": "", "missing": "has not run", "edited": "its code was edited since it ran"}
        return words.get(self.state, "failed, " + self.error.split("\n")[0])


def day(started: str) -> str:
    """An ISO time as a date to read: "21 November 2026"."""
    moment = datetime.fromisoformat(started)
    return f"{moment.day} {moment:%B %Y}"


def data_in_words(provenance: dict) -> str:
    """What a run read: "synthetic data", "real data (fi, oasis)", both, or "" for neither."""
    names = set(provenance["datasets"])
    if "M emobook.datasets.synthetic" in provenance.get("inputs", ()):  # it is no folder
        names.add("synthetic")
    real = sorted(names - {"synthetic"})
    words = ["synthetic data"] if "synthetic" in names else []
    words += [f"real data ({', '.join(real)})"] if real else []
    return " and ".join(words)


def note(run: Run, profile: str) -> str:
    """The box under a page's title: when, on what and how long it ran, or that it did not."""
    again = f"`emobook run --profile {profile.removesuffix('-smoke')} {run.stem}` runs it."
    if run.state == "missing":
        return _box("warning", f"This page has not run in profile `{profile}`", again)
    if run.state == "edited":
        body = f"The code below was edited after its last run, so no outputs are shown. {again}"
        return _box("warning", "This page has not run since its code was edited", body)
    if run.state == "failed":
        told = f"````text\n{run.error}\n````"
        body = f"The cell below that failed shows the traceback. {again}\n\n{told}"
        return _box("error", f"This page failed in profile `{profile}`", body)
    about = run.provenance
    if not about:
        body = "No record of the run was kept."
        return _box("note", f"This page ran in profile `{profile}`", body)
    smoke = " (smoke test: its numbers mean nothing)" if about.get("smoke") else ""
    data = data_in_words(about)
    title = (
        f"Ran on {day(about['started'])} in profile `{about['profile']}`{smoke}"
        f"{f' on {data}' if data else ''}, took {about['seconds']:.0f} s"
    )
    rows = [(name, _words(about.get(name))) for name in ("parameters", "versions")]
    rows.insert(1, ("hardware", machine(about.get("hardware") or {})))
    commit = str(about.get("commit"))[:12]
    rows += [("commit", f"{commit}, with changes" if about.get("dirty") else commit)]
    body = "\n".join(f"- **{name}**: {value}" for name, value in rows if value)
    return _box("note dropdown", title, body)


def machine(hardware: dict) -> str:
    """The runner's record of a machine as a line to read."""
    cores, memory = hardware.get("cores"), hardware.get("memory_gb")
    parts = [hardware.get("cpu"), cores and f"{cores} cores", memory and f"{memory} GB of memory"]
    return ", ".join(
        filter(None, [*parts, hardware.get("gpu") or "no GPU", hardware.get("system")])
    )


def _words(value) -> str:
    if isinstance(value, dict):
        parts = ((name, _words(part)) for name, part in value.items())
        return " · ".join(f"{name} {part}" for name, part in parts if part)
    if isinstance(value, list):
        return ", ".join(_words(part) for part in value)
    return "" if value is None else str(value)


def _box(kind: str, title: str, body: str) -> str:
    return f":::::{{admonition}} {title}\n:class: {kind} emobook-ran\n\n{body}\n:::::"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def chapters(runs: dict) -> str:
    """A table of the chapters: a link and the promise that each makes."""
    lines = ["| chapter | what it is about |", "|---|---|"]
    for path, run in runs.items():
        lines.append(_row(f"[{run.title}](../{path.as_posix()})", run.promise))
    return "\n".join(lines) + "\n"


def status(runs: dict) -> str:
    """A table of the runs, and below it the machines and versions."""
    lines = ["| chapter | state | when | profile | data | seconds |", "|---|---|---|---|---|---:|"]
    told = {}
    for path, run in runs.items():
        about = run.provenance
        cells = [run.fault or "ran"]
        if about and run.state == "ran":
            cells += [day(about["started"]), about["profile"], data_in_words(about) or "–"]
            cells += [f"{about['seconds']:.1f}"]
            told.setdefault("hardware", set()).add(machine(about.get("hardware") or {}))
            told.setdefault("versions", set()).add(_words(about.get("versions")))
        cells += ["–"] * (5 - len(cells))
        lines.append(_row(f"[{run.title}](../{path.as_posix()})", *cells))
    for name, values in told.items():
        lines += ["", f"**{name.capitalize()}**: {'; '.join(sorted(values))}"]
    return "\n".join(lines) + "\n"
