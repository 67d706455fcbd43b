"""Errors of the platform. Library errors are translated into these at the boundary, with `from exc`.

They are named after what is the case (`NotFound`, `Conflict`), as the API's problem types are.
"""


class PlatformError(Exception):
    """Base of everything the platform raises on purpose."""


class ConfigurationError(PlatformError):
    """A setting is missing or wrong; the message names it and says what would be right."""


class StorageUnavailable(PlatformError):  # noqa: N818
    """The database can't be reached now; trying again later makes sense."""


class NotFound(PlatformError):  # noqa: N818
    """Something that was asked for by name does not exist."""


class Conflict(PlatformError):  # noqa: N818
    """The request contradicts the present state, for example closing a ticket that nobody accepted."""


class Invalid(PlatformError):  # noqa: N818
    """A value that was given can't be taken; `field` names it and `expected` says what would be right."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field = field
        self.value = value
        self.expected = expected
        super().__init__(f"{field}: got {value!r}, expected {expected}")


class MigrationError(PlatformError):
    """The database's schema and the migrations of this program contradict each other."""
