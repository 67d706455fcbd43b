"""Learners of the hazard side by side, on the same person-period rows and the same assets left out.

    python -m benchmarks.hazard_learners other-1=DIR sim-1=DIR

Each names a folder in the import format. A learner is fitted on every fold but one, over all kinds and components, and
says of the days of the later half, for assets of that fold, how likely a component fails within 30 days. Probabilities
are calibrated by kind (Platt) on the other folds, as for tickets. Times are those of the processor, fitting and
predicting alone.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from anju_ml.calibrate import fit_calibrator
from anju_ml.grid import Floats
from anju_ml.hazard import (
    EDGES,
    P_FLOOR,
    Doubles,
    Indices,
    Rows,
    cumulative,
    expand,
    expit,
    fit_boosted,
    hazards,
    logit,
)
from anju_ml.history import read_history
from benchmarks.hazard_rows import Fold, Held, folds_of, last_day
from benchmarks.hazard_scores import SCORES, Interval, Judge, compared

BOOSTING: Final = "gradient boosting"
LOGISTIC: Final = "logistic"
EXTRA_TREES: Final = "extra trees"
TREES: Final = 100
Says = Callable[[Floats], Doubles]
"""Hazards [row, interval] of rows."""
Fit = Callable[[Rows, list[int], int], Says]


def _boosting(rows: Rows, up: list[int], seed: int) -> Says:
    trees = fit_boosted(rows, edges=EDGES, up=up, leaves=8, rounds=120, seed=seed)
    return lambda values: hazards(trees, values)


def _logistic(rows: Rows, _up: list[int], seed: int) -> Says:
    """Gaps as the median beside a column that marks them; the interval as one column each."""
    filled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    columns = rows.values.shape[1]
    shaped = make_column_transformer((filled, slice(0, columns)), (OneHotEncoder(), [columns]))
    estimator = make_pipeline(shaped, LogisticRegression(C=0.3, max_iter=500, random_state=seed))
    return _fitted(estimator, rows, "logisticregression__sample_weight")


def _forest(rows: Rows, _up: list[int], seed: int) -> Says:
    return _fitted(RandomForestClassifier(TREES, min_samples_leaf=20, random_state=seed), rows, "sample_weight")


def _extra_trees(rows: Rows, _up: list[int], seed: int) -> Says:
    return _fitted(ExtraTreesClassifier(TREES, min_samples_leaf=20, random_state=seed), rows, "sample_weight")


LEARNERS: Final[dict[str, Fit]] = {
    BOOSTING: _boosting,
    LOGISTIC: _logistic,
    "random forest": _forest,
    EXTRA_TREES: _extra_trees,
}


def _fitted(estimator: Any, rows: Rows, weights: str) -> Says:
    """The interval is the last column."""
    row, interval, event, weight = expand(rows, EDGES)
    estimator.fit(_with(rows.values[row], interval), event.astype(np.int8), **{weights: weight / weight.mean()})

    def says(values: Floats) -> Doubles:
        p = [estimator.predict_proba(_with(values, np.full(len(values), each)))[:, 1] for each in range(len(EDGES))]
        found: Doubles = np.clip(np.stack(p, axis=1), P_FLOOR, 1 - P_FLOOR)
        return found

    return says


def _with(values: Floats, interval: Indices) -> Floats:
    return np.hstack([values, interval.astype(np.float32)[:, None]])


@dataclass
class Said:
    """What one learner said of held rows, fold by fold, and the processor's seconds it took."""

    p: list[Doubles] = field(default_factory=list)
    fit_s: float = 0.0
    predict_s: float = 0.0

    def add(self, fit: Fit, fold: Fold, seed: int) -> None:
        began = time.process_time()
        says = fit(fold.rows, fold.up, seed)
        fitted = time.process_time()
        self.p.append(cumulative(says(fold.held.values))[:, -1])
        self.fit_s += fitted - began
        self.predict_s += time.process_time() - fitted


def together(first: Said, second: Said) -> Said:
    """The mean of two learners' log-odds."""
    p = [expit((logit(a) + logit(b)) / 2) for a, b in zip(first.p, second.p, strict=True)]
    return Said(p, first.fit_s + second.fit_s, first.predict_s + second.predict_s)


def calibrated(p: Doubles, held: Held, fold: Doubles) -> Doubles:
    """`p` as calibrated on the other folds of the same kind."""
    out = p.copy()
    for kind in np.unique(held.kind):
        for number in np.unique(fold):
            own = (held.kind == kind) & (fold == number)
            rest = (held.kind == kind) & (fold != number)
            out[own] = fit_calibrator(p[rest], held.failed[rest]).apply(p[own][:, None])[:, -1]
    return out


def compare(folder: Path, *, seed: int) -> dict[str, Any]:
    """rows, failed rows, assets; by learner its seconds, and scores with intervals and against boosting, paired."""
    history, _ = read_history(folder)
    said = {name: Said() for name in LEARNERS}
    parts: list[Held] = []
    trained = 0
    for number, fold in enumerate(folds_of(history, as_of=last_day(history), seed=seed)):
        parts.append(fold.held)
        trained = len(fold.rows.groups)
        for name, fit in LEARNERS.items():
            said[name].add(fit, fold, seed + number)
    held = Held(*(np.concatenate([getattr(part, name) for part in parts]) for name in Held.__annotations__))
    fold_of = np.repeat(np.arange(len(parts), dtype=np.float64), [len(part.failed) for part in parts])
    for other in (LOGISTIC, EXTRA_TREES):
        said[f"boosting and {other}"] = together(said[BOOSTING], said[other])
    final = {name: calibrated(np.concatenate(each.p), held, fold_of) for name, each in said.items()}
    scores = compared(Judge(held.failed, held.asset, seed=seed), final, BOOSTING)
    return {
        "trained_rows": trained,
        "rows": len(held.failed),
        "failed_rows": int(held.failed.sum()),
        "assets": len(np.unique(held.asset)),
        "learners": {
            name: {"fit_s": round(each.fit_s, 1), "predict_s": round(each.predict_s, 1), "scores": scores[name]}
            for name, each in said.items()
        },
    }


def table(name: str, found: dict[str, Any]) -> str:
    """A Markdown table; figures whose difference to boosting is surely not zero are marked with + (better) or −."""
    lines = [
        f"{name}: {found['rows']:,} rows, {found['failed_rows']:,} before a failure, {found['assets']} assets",
        "",
        f"| learner | {' | '.join(SCORES)} | fit, predict |",
        "|---" * (len(SCORES) + 2) + "|",
    ]
    for learner, each in found["learners"].items():
        cells = [_cell(score, *each["scores"][score]) for score in SCORES]
        lines.append(f"| {learner} | {' | '.join(cells)} | {each['fit_s']:.0f} s, {each['predict_s']:.0f} s |")
    return "\n".join(lines)


def _cell(score: str, own: Interval, more: Interval) -> str:
    better = more.value > 0 if score in ("AUC", "average precision") else more.value < 0
    mark = "" if not more.is_not_zero else " +" if better else " −"
    return f"{own.value:.4f} ({own.low:.4f} to {own.high:.4f}){mark}"


@click.command()
@click.argument("named", nargs=-1, required=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures there as well.")
@click.option("--seed", default=0, show_default=True)
def main(named: tuple[str, ...], json_file: Path | None, seed: int) -> None:
    """Compare learners of the hazard on histories, each given as NAME=FOLDER."""
    results = {}
    for each in named:
        name, _, folder = each.partition("=")
        results[name] = compare(Path(folder), seed=seed)
        click.echo(table(name, results[name]) + "\n")
        if json_file is not None:
            json_file.write_text(json.dumps(results, default=asdict, indent=1))


if __name__ == "__main__":
    main()
