"""Reading event rules of a profile."""

from anju_contracts.codes import CODES, Severity
from anju_contracts.names import is_name
from anju_edge_agent.debounce import Debounce
from anju_edge_agent.rules import EventRule
from anju_edge_agent.tables import Table


def read_rule(table: Table, *, vendor_code: str | None = None) -> EventRule:
    """`code`, `severity`, `text` and the debouncing of one event. A code that Anju doesn't know needs a severity."""
    code = table.text("code", required=True)
    severity = table.choice("severity", tuple(Severity)) if "severity" in table else None
    known = CODES.get(code)
    if code and not is_name(code):
        table.problem("code", code, "a name, such as lift.overspeed")
    elif code and known is None and severity is None:
        close = table.suggest(code, CODES)
        table.problem("code", code, f"a code that Anju knows{close}, or a severity beside it for one of your own")
    return EventRule(
        code,
        Severity(severity) if severity else known.severity if known else Severity.MINOR,
        _read_debounce(table),
        vendor_code,
        table.text("text") or None,
    )


def _read_debounce(table: Table) -> Debounce:
    debounce = Debounce(
        hold_s=table.number("hold_s", least=0),
        clear_after_s=table.number("clear_after_s", least=0),
        count=table.integer("count", 1, least=1, most=1_000),
        window_s=table.number("window_s", least=0),
        min_on_s=table.number("min_on_s", least=0),
        min_off_s=table.number("min_off_s", least=0),
    )
    if debounce.count > 1 and not debounce.window_s:
        table.problem("window_s", debounce.window_s, "above 0, within which the count is reached")
    return debounce


def read_vendor_codes(table: Table) -> dict[str, EventRule]:
    """`<vendor code> = "<code>"` or `<vendor code> = { code = "…", hold_s = 45, … }`, by vendor code."""
    rules: dict[str, EventRule] = {}
    seen: dict[str, str] = {}
    for vendor_code, value in table.entries():
        inner = table.inner(vendor_code) if isinstance(value, dict) else table.wrap(vendor_code, {"code": value})
        rule = read_rule(inner, vendor_code=vendor_code)
        inner.done()
        if rule.code in seen:
            table.problem(vendor_code, rule.code, f"a code of its own; {seen[rule.code]} has it already")
        seen[rule.code] = vendor_code
        rules[vendor_code] = rule
    return rules
