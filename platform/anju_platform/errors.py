"""Errors of the platform. Library errors are translated into these at the boundary, with `from exc`."""


class PlatformError(Exception):
    """Base of everything the platform raises on purpose."""


class ConfigurationError(PlatformError):
    """A setting is missing or wrong; the message names it and says what would be right."""


class StorageUnavailable(PlatformError):
    """The database can't be reached now; trying again later makes sense."""


class NotFound(PlatformError):
    """Something that was asked for by name does not exist."""


class Conflict(PlatformError):
    """The request contradicts the present state, for example closing a ticket that nobody accepted."""


class Invalid(PlatformError):
    """A value that was given can't be taken; `field` names it and `expected` says what would be right."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field = field
        self.value = value
        self.expected = expected
        super().__init__(f"{field}: got {value!r}, expected {expected}")
