"""From many answers on a task to one label: majority, Dawid-Skene and others, through crowd-kit.

Answers are a long table with the columns task, worker and label, one row for each answer; labels
are yes and no, the eight emotions, or anything else that can be sorted.

What the methods assume of the crowd:

- "majority": every answer counts alike.
- "wawa": an answer counts by how often its worker agrees with the majority.
- "one-coin": a worker has one chance of being right, whatever the truth (Zhang et al. 2016).
- "dawid-skene": a worker has a chance of every answer for every truth (Dawid and Skene 1979).
- "glad": a worker has an ability, a task an ease (Whitehill et al. 2009).
- "mace": a worker knows, or answers by a habit of his own (Hovy et al. 2013).

Which of them is right depends on the crowd, and `compare` says so where the truth is known. On
simulated crowds, with five answers a task: the more workers do not look, the more Dawid-Skene and
MACE gain over the majority. Where each worker gave a dozen answers, hardly any of the workers is
careless, and yes is rare, Dawid-Skene takes chance for habit: it is worse than the majority, and
as sure of itself as ever. Where yes is rare, one coin explains careless workers by a truth of
noes and misses many yeses; GLAD and MACE hold all labels for alike likely, and MACE then finds too
many. Bear in mind that all of them take a task's answers for independent given its truth.
"""

import warnings

import numpy as np
import pandas as pd

METHODS = ("majority", "wawa", "one-coin", "dawid-skene", "glad", "mace")


def aggregate(answers: pd.DataFrame, method: str = "majority") -> pd.DataFrame:
    """One label for each task: columns task, label, probability, then one for every label.

    answers: columns task, worker, label; others are ignored, and so is the order of the rows.
    method: one of METHODS. There is no chance in any of them; "mace" starts from fixed dice.

    Rows are the tasks, sorted. The columns named by the labels (sorted) hold what the method
    gives as their probabilities, which sum to 1; for the first two methods they are shares of
    votes, weighted or not, which are no probabilities. `label` has the largest, the first of
    equals.

    Raises ValueError for an unknown method, a missing column or value, and a worker who answers a
    task twice.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    answers = checked(answers)
    coded = pd.DataFrame()
    tasks, task_names = pd.factorize(answers["task"], sort=True)
    workers, _ = pd.factorize(answers["worker"], sort=True)
    labels, label_names = pd.factorize(answers["label"], sort=True)
    rows = np.lexsort((workers, tasks))
    # Coded by first appearance, in one order of rows: crowd-kit's MACE takes codes by appearance
    # and by value for the same, and so mixes up workers whose two orders differ.
    label_code, label_order = pd.factorize(labels[rows])
    coded["task"], coded["worker"] = tasks[rows], pd.factorize(workers[rows])[0]
    coded["label"] = label_code
    if len(label_names) == 1:  # nothing to weigh, and the models divide by the other labels
        found = np.ones((len(task_names), 1))
    else:
        with warnings.catch_warnings():
            # crowd-kit 1.4 passes arguments that pandas 4 will do without
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"crowdkit\.")
            table = _probabilities(method, coded)
        found = table.loc[range(len(task_names)), range(len(label_names))].to_numpy(dtype=float)
        found = found[:, np.argsort(label_order)]
    best = found.argmax(axis=1)
    columns = {"task": task_names, "label": label_names[best], "probability": found.max(axis=1)}
    shares = pd.DataFrame(found, columns=label_names)
    return pd.concat([pd.DataFrame(columns), shares], axis=1)


def compare(answers: pd.DataFrame, truth, methods=METHODS) -> pd.DataFrame:
    """How near each method comes to a known truth.

    truth: the right label of every task: a Series indexed by task, or a dict.

    Returns one row for each method: method, accuracy, precision, recall and brier (squared error
    of the probabilities, summed over labels, 0 to 2). With labels 0 and 1 precision and recall are
    those of 1: among the kept the share that is right, among the right the share that is kept;
    with others they are means over the labels. Raises ValueError where a task has no truth.
    """
    from sklearn.metrics import precision_score, recall_score

    truth, rows = pd.Series(truth), []
    for method in methods:
        found = aggregate(answers, method)
        right = truth.reindex(found["task"]).to_numpy()
        if pd.isna(right).any():
            task = native(found["task"][pd.isna(right)].iloc[0])
            raise ValueError(f"truth has no label for task {task!r}")
        labels = list(found.columns[3:])
        kind = {"average": "binary" if set(labels) <= {0, 1} else "macro", "zero_division": 0}
        error = found[labels].to_numpy() - (right[:, None] == np.array(labels, dtype=object))
        rows.append(
            {
                "method": method,
                "accuracy": (found["label"].to_numpy() == right).mean(),
                "precision": precision_score(right, found["label"], **kind),
                "recall": recall_score(right, found["label"], **kind),
                "brier": (error**2).sum(axis=1).mean(),
            }
        )
    return pd.DataFrame(rows)


def checked(
    table, name: str = "answers", columns=("task", "worker", "label"), verb: str = "answers"
) -> pd.DataFrame:
    """`table`, if it is a usable long table, with a row for each of the first of `columns` and
    worker; else ValueError that says what to mend."""
    for column in columns:
        if not isinstance(table, pd.DataFrame) or column not in table:
            raise ValueError(f"{name} must be a table with the column {column!r}")
        if table[column].isna().any():
            row = int(np.flatnonzero(table[column].isna())[0])
            raise ValueError(f"{name}: row {row} has no {column}: fill it in or leave it out")
    if table.empty:
        raise ValueError(f"{name} must have at least one row")
    asked = columns[0]
    twice = np.flatnonzero(table.duplicated([asked, "worker"]))
    if len(twice):
        thing, worker = map(native, table[[asked, "worker"]].iloc[twice[0]])
        raise ValueError(
            f"{name}: worker {worker!r} {verb} {asked} {thing!r} twice (row {twice[0]}): keep one"
        )
    return table


def native(value):
    """A numpy scalar as Python's own, for a message to show it as the user wrote it."""
    return value.item() if isinstance(value, np.generic) else value


def _probabilities(method: str, coded: pd.DataFrame) -> pd.DataFrame:
    """What crowd-kit gives; it is imported here, since that takes seconds."""
    from crowdkit.aggregation import classification as kit

    if method == "wawa":  # its own prediction, the same, asks scikit-learn for what is no more
        return kit.MajorityVote().fit_predict_proba(coded, kit.Wawa().fit(coded).skills_)
    models = {
        "majority": kit.MajorityVote(),
        "one-coin": kit.OneCoinDawidSkene(),
        "dawid-skene": kit.DawidSkene(),
        "glad": kit.GLAD(),
        "mace": kit.MACE(n_restarts=1),  # all its restarts throw the same dice
    }
    return models[method].fit_predict_proba(coded)
