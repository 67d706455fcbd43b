"""How moments, ages, figures and probabilities read in each language. Pure."""

from collections.abc import Callable
from typing import Any

FILTERS: dict[str, Callable[..., Any]] = {}
