"""The policy that turns probabilities into tickets, from the file that the settings name."""

from pathlib import Path

from anju_ml.errors import PolicyRefused
from anju_ml.policy import Policy, parse_policy
from anju_platform.errors import ConfigurationError


def load_policy(path: str) -> Policy:
    """The policy of a TOML file, the defaults for an empty path; ConfigurationError says what is wrong with it."""
    if not path:
        return Policy()
    try:
        return parse_policy(Path(path).read_bytes())
    except OSError as exc:
        raise ConfigurationError(f"ANJU_POLICY: {path} can't be read: {exc.strerror}") from exc
    except PolicyRefused as exc:
        raise ConfigurationError(f"ANJU_POLICY: {path}: {exc}") from exc
