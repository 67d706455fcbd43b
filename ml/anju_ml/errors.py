"""What can go wrong in prediction, each with what was found and what would be right."""


class PredictionError(Exception):
    """Base of every error of this package."""


class ImportRefused(PredictionError):  # noqa: N818
    """A history folder, or a row of it, can't be used. `where` is the file (and line), `reason` says why."""

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(f"{where}: {reason}")


class TooPoor(PredictionError):  # noqa: N818
    """The history holds too little to predict from; `reason` is a plain sentence for its owner."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ArtifactRefused(PredictionError):  # noqa: N818
    """A stored model can't be loaded: damaged, of another format, or holding types that aren't trusted."""


class PolicyRefused(PredictionError):  # noqa: N818
    """A policy table has a field or a value that makes no sense."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field = field
        self.value = value
        self.expected = expected
        super().__init__(f"policy: field {field}: got {value!r}, expected {expected}")


class QuestionRefused(PredictionError):  # noqa: N818
    """A line that `anju-ml watch` was sent is no question; the message names the field."""

    def __init__(self, line: str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"question: got {line!r}: {reason}")


class WordsRefused(PredictionError):  # noqa: N818
    """A table of words can't be used; the message names the file and what is wrong."""
