"""A model as bytes and back: skops, so that loading runs no code and unknown types are refused."""

import zipfile
from typing import Final

import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from anju_ml.errors import ArtifactRefused
from anju_ml.model import Model
from anju_ml.state import from_state, to_state

TRUSTED: Final = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss._loss.CyHalfBinomialLoss",
)


def dump(model: Model) -> bytes:
    data: bytes = skops.io.dumps(to_state(model), compression=zipfile.ZIP_DEFLATED, compresslevel=1)
    return data


def load(data: bytes) -> Model:
    """The model of `data`; ArtifactRefused when it is damaged or holds types that aren't trusted."""
    try:
        strange = [name for name in skops.io.get_untrusted_types(data=data) if name not in TRUSTED]
        if strange:
            raise ArtifactRefused(f"holds types that aren't trusted: {', '.join(sorted(strange))}")
        state = skops.io.loads(data, trusted=list(TRUSTED))
    except (zipfile.BadZipFile, UntrustedTypesFoundException, KeyError, ValueError, TypeError) as exc:
        raise ArtifactRefused(f"not a readable model: {exc}") from exc
    return from_state(state)
