"""A model as bytes and back: NumPy's archive of arrays, beside them a text that says what they are. Loading runs no
code, whatever the bytes are."""

import json
import zipfile
import zlib
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from anju_ml.errors import ArtifactRefused
from anju_ml.model import Model
from anju_ml.state import from_state, to_state

TEXT: Final = "state"
ARRAY: Final = "array"
"""In the text the key whose value is the name of an array."""


def dump(model: Model) -> bytes:
    arrays: dict[str, npt.NDArray[Any]] = {}

    def plain(value: object) -> object:
        if isinstance(value, np.generic):
            return value.item()
        if not isinstance(value, np.ndarray):
            raise TypeError(f"a model holds a {type(value).__name__}, which no artifact can")
        name = str(len(arrays))
        arrays[name] = value
        return {ARRAY: name}

    text = json.dumps(to_state(model), default=plain).encode()
    file = BytesIO()
    np.savez_compressed(file, allow_pickle=False, **{TEXT: np.frombuffer(text, np.uint8)}, **arrays)
    return file.getvalue()


def load(data: bytes) -> Model:
    """The model of `data`; ArtifactRefused when it is damaged or none of this format."""
    try:
        with np.load(BytesIO(data), allow_pickle=False) as arrays:
            state = json.loads(
                arrays[TEXT].tobytes(), object_hook=lambda value: arrays[value[ARRAY]] if ARRAY in value else value
            )
        return from_state(state)
    except (zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, TypeError, AttributeError) as exc:
        raise ArtifactRefused(f"not a readable model: {exc}") from exc
