"""Reading the part of a profile that the mqtt_json driver knows."""

from collections.abc import Sequence

from anju_edge_agent.action_reader import read_actions
from anju_edge_agent.actions import ActionSpec
from anju_edge_agent.dialect import (
    DEVICE,
    TIME_FORMS,
    JsonCommand,
    JsonDialect,
    JsonMessage,
    Path,
    TimeField,
    ValueField,
    parse_path,
)
from anju_edge_agent.rule_reader import read_vendor_codes
from anju_edge_agent.tables import Table

_EXPECTED_PATH = "a JSON path such as d.temp.motor or channels.0.value"
_EXPECTED_TOPIC = "an MQTT topic in which {device} or + stands for one whole level, without #"


def read_dialect(root: Table, points: Sequence[Table], _ids: Sequence[str]) -> JsonDialect:
    """`[message.<name>]` tables, and message and path of every point."""
    messages = root.table("message", required=True)
    tables = {name: messages.inner(name) for name, value in messages.entries() if _is_table(messages, name, value)}
    plain = [name for name, table in tables.items() if "code" not in table]
    values: dict[str, list[ValueField]] = {name: [] for name in tables}
    for index, point in enumerate(points):
        name = point.choice("message", plain, plain[0] if len(plain) == 1 else "", required=len(plain) != 1)
        field = ValueField(index, _read_path(point, "path", required=True) or (), _read_words(point))
        if name in values:
            values[name].append(field)
    kinds = tuple(_read_message(name, table, tuple(values[name])) for name, table in tables.items())
    return JsonDialect(kinds, {spec.name: _read_command(spec, table) for spec, table in read_actions(root)})


def _is_table(messages: Table, name: str, value: object) -> bool:
    if isinstance(value, dict):
        return True
    messages.problem(name, value, "a table, [message.<name>]")
    return False


def _read_message(name: str, table: Table, values: tuple[ValueField, ...]) -> JsonMessage:
    topic = _read_topic(table)
    device = _read_path(table, "device")
    if device is None and DEVICE not in topic.split("/"):
        table.problem("device", None, f"the path of the device's id, or {DEVICE} as a level of the topic")
    code = _read_path(table, "code")
    codes = read_vendor_codes(table.table("codes", required=True)) if code else {}
    active = _read_path(table, "active") if code else None
    time = _read_time(table)
    table.done()
    return JsonMessage(name, topic, device, time, values, code, active, codes)


def _read_command(spec: ActionSpec, table: Table) -> JsonCommand:
    payload = dict(table.table("payload", required=True).entries())
    blanks = {f"{{{name}}}" for name in ("id", *spec.params)}
    for key, value in payload.items():
        if isinstance(value, str) and value.startswith("{") and value not in blanks:
            table.problem(f"payload.{key}", value, f"one of {', '.join(sorted(blanks))}, or another text")
    command = JsonCommand(
        spec,
        topic=_read_exact_topic(table, "topic"),
        payload=payload,
        answer_topic=_read_exact_topic(table, "answer_topic"),
        answer_id=_read_path(table, "answer_id", required=True) or (),
        done=_read_path(table, "done", required=True) or (),
        reason=_read_path(table, "reason"),
    )
    table.done()
    return command


def _read_exact_topic(table: Table, key: str) -> str:
    """A topic that is one device's own once its id is in it."""
    topic = table.text(key, required=True)
    if topic and (topic.split("/").count(DEVICE) != 1 or set("+#") & set(topic)):
        table.problem(key, topic, f"an MQTT topic with {DEVICE} as one level, without + and #")
    return topic


def _read_topic(table: Table) -> str:
    topic = table.text("topic", required=True)
    levels = topic.split("/")
    whole = all(level in ("+", DEVICE) or not set("+#{}") & set(level) for level in levels)
    if topic and (not whole or levels.count(DEVICE) > 1):
        table.problem("topic", topic, _EXPECTED_TOPIC)
    return topic


def _read_path(table: Table, key: str, *, required: bool = False) -> Path | None:
    text = table.text(key, required=required)
    if not text:
        return None
    try:
        return parse_path(text)
    except ValueError:
        table.problem(key, text, _EXPECTED_PATH)
        return None


def _read_time(table: Table) -> TimeField | None:
    if "time" not in table:
        return None
    inner = table.table("time")
    path = _read_path(inner, "path", required=True)
    form = inner.choice("form", TIME_FORMS, "ms", required=True)
    inner.done()
    return TimeField(path, form) if path else None


def _read_words(point: Table) -> dict[str, float]:
    """`words = { open = 1, closed = 0 }`: what a device writes instead of a number."""
    if "words" not in point:
        return {}
    table = point.table("words")
    return {word: table.number(word) for word, _ in table.entries()}
