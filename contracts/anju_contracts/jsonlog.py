"""One line of JSON for each log record, with the same keys in every program, for whatever collects them."""

import logging
import sys
from datetime import UTC, datetime

import msgspec

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "taskName", "asctime"}


class JsonFormatter(logging.Formatter):
    """Keys: at, level, logger, message, program, then whatever was given as `extra`, and error for a traceback."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self._program = program

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "program": self._program,
            "message": record.getMessage(),
        }
        line.update({key: value for key, value in record.__dict__.items() if key not in _STANDARD})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def configure_logging(program: str, *, level: str = "INFO") -> None:
    """Send all logging of this process to standard error as JSON lines; only an entry point calls this."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(program))
    logging.basicConfig(level=level, handlers=[handler], force=True)
