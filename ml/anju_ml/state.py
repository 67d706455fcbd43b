"""A model as plain dictionaries and arrays, and back: what an artifact holds."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from anju_ml.board import Board
from anju_ml.boosted import Boosted
from anju_ml.calibrate import Calibrator
from anju_ml.errors import ArtifactRefused
from anju_ml.hazards import DirectMember, Members, OwnMember, SharedMember, Signatures
from anju_ml.layout import Layout
from anju_ml.load import Follower, Load, Range
from anju_ml.model import Model
from anju_ml.policy import FailureCost, Policy, Replacement
from anju_ml.rarity import Rarity
from anju_ml.responses import Response
from anju_ml.signature import Signature
from anju_ml.target import KindModel, Target

FORMAT: Final = 10
State = dict[str, Any]


def to_state(model: Model) -> State:
    targets = [target for each in model.kinds.values() for target in each.targets.values()]
    shared = targets[0].members["shared"] if targets else ()
    return {
        "format": FORMAT,
        "shared": [_shared_state(member) for member in shared if isinstance(member, SharedMember)],
        "kinds": {
            kind: {
                "layout": json.dumps(dataclasses.asdict(each.layout)),
                "board": _fields(next(iter(each.targets.values())).board),
                "targets": {name: _target_state(target) for name, target in each.targets.items()},
            }
            for kind, each in model.kinds.items()
        },
        "policy": json.dumps(_policy_state(model.policy)),
        "trained_at": model.trained_at.isoformat(),
        "seed": model.seed,
        "metrics": json.dumps(model.metrics),
        "opens_tickets": model.opens_tickets,
        "why_not": model.why_not,
    }


def from_state(state: object) -> Model:
    """The model of a state; ArtifactRefused when its format is another."""
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ArtifactRefused(f"not a model of format {FORMAT}")
    shared = tuple(_shared(each) for each in state["shared"])
    return Model(
        kinds={kind: _kind(kind, each, shared) for kind, each in state["kinds"].items()},
        policy=_policy(json.loads(state["policy"])),
        trained_at=datetime.fromisoformat(state["trained_at"]),
        seed=state["seed"],
        metrics=json.loads(state["metrics"]),
        opens_tickets=state["opens_tickets"],
        why_not=state["why_not"],
    )


def _shared_state(member: SharedMember) -> State:
    signatures = {kind: _signatures_state(each) for kind, each in member.signatures.items()}
    return {"trees": _fields(member.trees), "signatures": signatures}


def _shared(state: State) -> SharedMember:
    signatures = {kind: _signatures(each) for kind, each in state["signatures"].items()}
    return SharedMember(Boosted(**state["trees"]), signatures)


def _signatures_state(signatures: Signatures) -> State:
    return {name: {**_fields(each), "rarity": _fields(each.rarity)} for name, each in signatures.items()}


def _signatures(state: State) -> Signatures:
    return {name: _signature(each) for name, each in state.items()}


def _signature(state: State) -> Signature:
    return Signature(**{**state, "rarity": Rarity(**state["rarity"])})


def _board(state: State) -> Board:
    return Board(**{**state, "names": tuple(state["names"]), "codes": tuple(state["codes"])})


def _fields(record: Any) -> State:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _target_state(target: Target) -> State:
    return {
        "edges": list(target.edges),
        "plain": target.plain,
        "own": [_own_state(each) for each in target.members.get("own", ()) if isinstance(each, OwnMember)],
        "direct": [_direct_state(each) for each in target.members.get("direct", ()) if isinstance(each, DirectMember)],
        "weights": dict(target.weights),
        "failures": target.failures,
        "usual": target.usual,
        "slope": target.calibrator.slope,
        "shift": target.calibrator.shift,
        "threshold": target.threshold,
    }


def _own_state(member: OwnMember) -> State:
    return {**_direct_state(member), "signatures": _signatures_state(member.signatures)}


def _direct_state(member: OwnMember | DirectMember) -> State:
    return {"trees": _fields(member.trees), "columns": member.columns}


def _target(kind: str, name: str, state: State, board: Board, shared: tuple[SharedMember, ...]) -> Target:
    own = [
        OwnMember(Boosted(**each["trees"]), each["columns"], _signatures(each["signatures"])) for each in state["own"]
    ]
    direct = [DirectMember(Boosted(**each["trees"]), each["columns"]) for each in state["direct"]]
    members: dict[str, Members] = {"shared": shared, "own": own, "direct": direct}
    return Target(
        kind=kind,
        component=name,
        edges=tuple(state["edges"]),
        board=board,
        plain=state["plain"],
        members={sort: each for sort, each in members.items() if each},
        weights=state["weights"],
        failures=state["failures"],
        usual=state["usual"],
        calibrator=Calibrator(state["slope"], state["shift"]),
        threshold=state["threshold"],
    )


def _kind(kind: str, state: State, shared: tuple[SharedMember, ...]) -> KindModel:
    board = _board(state["board"])
    targets = {name: _target(kind, name, each, board, shared) for name, each in state["targets"].items()}
    return KindModel(_layout(state["layout"]), targets)


def _layout(text: str) -> Layout:
    state: State = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(text).items()
    }
    load = state["load"]
    ranges = {name: Range(*each) for name, each in load["ranges"].items()}
    follows = {
        name: Follower(driver, slope, bend, Response(*response))
        for name, (driver, slope, bend, response) in load["follows"].items()
    }
    return Layout(**{**state, "load": Load(load["series"], ranges, follows)})


def _policy_state(policy: Policy) -> State:
    state: State = {field.name: getattr(policy, field.name) for field in dataclasses.fields(policy)}
    state["costs"] = {key: dataclasses.asdict(cost) for key, cost in policy.costs.items()}
    state["replacements"] = {key: dataclasses.asdict(each) for key, each in policy.replacements.items()}
    state["safety"] = sorted(policy.safety)
    for name in ("horizon", "lead", "cool_down"):
        state[name] = state[name].total_seconds()
    return state


def _policy(state: Mapping[str, Any]) -> Policy:
    plain = dict(state)
    plain["costs"] = {key: FailureCost(**cost) for key, cost in state["costs"].items()}
    plain["replacements"] = {key: Replacement(**each) for key, each in state["replacements"].items()}
    plain["safety"] = frozenset(state["safety"])
    for name in ("horizon", "lead", "cool_down"):
        plain[name] = timedelta(seconds=state[name])
    return Policy(**plain)
