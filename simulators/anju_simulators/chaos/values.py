"""What the devices of a chaos run report: plain, plausible, and different each time, so that a loss can be named."""

from typing import Final

from anju_simulators.devices.vendor_json import Dialect

TYPICAL: Final = {
    "door_close_s": 2.4,
    "close_s": 2.4,
    "door_motor_a": 1.8,
    "levelling_error_mm": 3.0,
    "brake_release_ms": 180.0,
    "vibration_mm_s": 4.0,
    "motor_temp_c": 41.0,
    "drive_temp_c": 38.0,
    "cabinet_temp_c": 31.0,
    "supply_v": 225.0,
    "battery_v": 13.2,
    "lock_current_ma": 420.0,
    "unlock_ms": 210.0,
}
"""Counters have no entry: they count."""
STEPS: Final = 20
WORDS_A_POINT: Final = 2
POINTS_OF_A_METER: Final = 8


def report(dialect: Dialect, number: int) -> dict[str, float]:
    """The values of a monitor's report `number` (0 is the first), as the message will show them."""
    values = {
        field.point: TYPICAL[field.point] * (1 + 0.001 * (number % STEPS)) if field.point in TYPICAL else float(number)
        for field in dialect.fields
    }
    return dialect.shown(values)


def answer(number: int) -> tuple[float, ...]:
    """The values of a meter's answer `number`: no value occurs twice, so each row in the database has one origin.
    All are whole numbers that a 32-bit float holds exactly."""
    return tuple(float(number * POINTS_OF_A_METER + point) for point in range(POINTS_OF_A_METER))


METER_POINTS: Final = tuple(f"count_{point}" for point in range(POINTS_OF_A_METER))


def meter_profile(kind: str) -> str:
    """The profile of a meter that counts its answers: one read fetches all of it."""
    head = [
        'driver = "modbus"',
        f'kind = "{kind}"',
        'model = "chaos-meter"',
        'label = { zh = "计数表", en = "counting meter" }',
        "period_s = 1",
        "silent_after = 60",
        "",
        "[modbus]",
        "function = 4",
    ]
    for number, point in enumerate(METER_POINTS):
        head += [
            "",
            "[[point]]",
            f'id = "{point}"',
            'unit = "1"',
            f'label = {{ zh = "计数{number}", en = "count {number}" }}',
            f"address = {number * WORDS_A_POINT}",
            'type = "f32"',
        ]
    return "\n".join([*head, ""])
