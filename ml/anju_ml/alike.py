"""Whether the name of a point or a code speaks of a component: by a word they share, or by what is known of a code."""

import re

import numpy as np
import numpy.typing as npt

from anju_contracts.codes import CODES
from anju_ml.board import Board


def channels_alike(board: Board, component: str) -> npt.NDArray[np.bool_]:
    """Which channels of `board` are named like the component [channel]."""
    found = [
        points_at(component, name) if code else point_matches(component, name.split("|")[0])
        for name, code in zip(board.names, board.codes, strict=True)
    ]
    return np.array(found, np.bool_)


def _names_alike(component: str, name: str) -> bool:
    """Whether two names share a word, or the beginning of one (lock: unlock_ms, lock_current_ma; reader:
    read_errors); names written without spaces, two characters in a row (门机皮带: 门机电流)."""
    own = [word for word in _words(component) if len(word) >= 3]
    other = [word for word in _words(name) if len(word) >= 3]
    spelt = any(a == b or (min(len(a), len(b)) >= 4 and (a in b or b in a)) for a in own for b in other)
    return spelt or bool(_pairs(component) & _pairs(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_\u3400-\u9fff]+", name.lower())


def _pairs(name: str) -> set[str]:
    """Each two characters in a row of Han characters."""
    return {run[at : at + 2] for run in re.findall(r"[\u3400-\u9fff]+", name) for at in range(len(run) - 1)}


def point_matches(component: str, point: str) -> bool:
    """Whether a point's name is like the component's, or like that of a code known to point at the component."""
    codes = [code.name.split(".")[-1] for code in CODES.values() if code.component == component]
    return _names_alike(component, point) or any(_names_alike(code, point) for code in codes)


def points_at(component: str, code: str) -> bool:
    known = CODES.get(code)
    return (known is not None and known.component == component) or _names_alike(component, code)
