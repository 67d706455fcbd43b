"""A model as plain dictionaries, arrays and estimators, and back: what an artifact holds."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from anju_ml.calibrate import Calibrator
from anju_ml.errors import ArtifactRefused
from anju_ml.hazard import Hazard, Member
from anju_ml.layout import Layout
from anju_ml.model import Model
from anju_ml.policy import FailureCost, Policy
from anju_ml.training import KindModel, Target

FORMAT: Final = 1


def to_state(model: Model) -> dict[str, Any]:
    hazards: dict[int, Hazard] = {}
    kinds = {
        kind: {
            "layout": json.dumps(dataclasses.asdict(each.layout)),
            "targets": {name: _target_state(target, hazards) for name, target in each.targets.items()},
        }
        for kind, each in model.kinds.items()
    }
    return {
        "format": FORMAT,
        "kinds": kinds,
        "hazards": {str(key): _hazard_state(hazard) for key, hazard in hazards.items()},
        "policy": json.dumps(_policy_state(model.policy)),
        "trained_at": model.trained_at.isoformat(),
        "seed": model.seed,
        "metrics": json.dumps(model.metrics),
        "opens_tickets": model.opens_tickets,
        "why_not": model.why_not,
    }


def _target_state(target: Target, hazards: dict[int, Hazard]) -> dict[str, Any]:
    keys = [key for key, hazard in hazards.items() if hazard is target.hazard]
    key = keys[0] if keys else len(hazards)
    hazards[key] = target.hazard
    return {
        "tier": target.tier,
        "hazard": str(key),
        "failures": target.failures,
        "base_rate": target.base_rate,
        "usual": target.usual,
        "slope": target.calibrator.slope,
        "shift": target.calibrator.shift,
        "threshold": target.threshold,
    }


def _hazard_state(hazard: Hazard) -> dict[str, Any]:
    members = [{"columns": member.columns, "estimator": member.estimator} for member in hazard.members]
    return {"edges": list(hazard.edges), "members": members}


def _policy_state(policy: Policy) -> dict[str, Any]:
    state: dict[str, Any] = {field.name: getattr(policy, field.name) for field in dataclasses.fields(policy)}
    state["costs"] = {key: dataclasses.asdict(cost) for key, cost in policy.costs.items()}
    state["safety"] = sorted(policy.safety)
    for name in ("horizon", "lead", "cool_down"):
        state[name] = state[name].total_seconds()
    return state


def from_state(state: Any) -> Model:
    """The model of a state; ArtifactRefused when its format is another."""
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ArtifactRefused(f"not a model of format {FORMAT}")
    hazards = {key: _hazard(each) for key, each in state["hazards"].items()}
    return Model(
        kinds={kind: _kind(each, hazards) for kind, each in state["kinds"].items()},
        policy=_policy(json.loads(state["policy"])),
        trained_at=datetime.fromisoformat(state["trained_at"]),
        seed=state["seed"],
        metrics=json.loads(state["metrics"]),
        opens_tickets=state["opens_tickets"],
        why_not=state["why_not"],
    )


def _hazard(state: Mapping[str, Any]) -> Hazard:
    members = tuple(Member(np.asarray(each["columns"]), each["estimator"]) for each in state["members"])
    return Hazard(tuple(state["edges"]), members)


def _kind(state: Mapping[str, Any], hazards: Mapping[str, Hazard]) -> KindModel:
    layout: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(state["layout"]).items()
    }
    targets = {
        name: Target(
            component=name,
            tier=each["tier"],
            hazard=hazards[each["hazard"]],
            failures=each["failures"],
            base_rate=each["base_rate"],
            usual=np.asarray(each["usual"]),
            calibrator=Calibrator(each["slope"], each["shift"]),
            threshold=each["threshold"],
        )
        for name, each in state["targets"].items()
    }
    return KindModel(Layout(**layout), targets)


def _policy(state: dict[str, Any]) -> Policy:
    state["costs"] = {key: FailureCost(**cost) for key, cost in state["costs"].items()}
    state["safety"] = frozenset(state["safety"])
    for name in ("horizon", "lead", "cool_down"):
        state[name] = timedelta(seconds=state[name])
    return Policy(**state)
