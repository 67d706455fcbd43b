import pytest

from anju_edge_agent.actions import Action, ActionSpec
from anju_edge_agent.osdp import OsdpCommand, command_fields, pseudonym
from anju_edge_agent.profile_reader import builtin_profile

KEY, OTHER = bytes(range(16)), bytes(16)
CARD = bytes.fromhex("8092b3c0")
SPEC = ActionSpec("x")


def test_a_card_has_one_pseudonym_under_one_key_and_another_under_another() -> None:
    mine = pseudonym(KEY, 1, 26, CARD)
    assert mine == pseudonym(KEY, 1, 26, CARD)
    others = {
        pseudonym(OTHER, 1, 26, CARD),
        pseudonym(KEY, 1, 27, CARD),
        pseudonym(KEY, 0, 26, CARD),
        pseudonym(KEY, 1, 26, CARD[:3] + b"\xc1"),
    }
    assert len(others | {mine}) == 5
    assert CARD.hex() not in mine
    assert len(mine) == len("credential:") + 20


@pytest.mark.parametrize(
    ("command", "params", "fields"),
    [
        (OsdpCommand(SPEC, "output", 1), {"seconds": 5.0}, {"output_no": 1, "control_code": 5, "timer_count": 50}),
        (OsdpCommand(SPEC, "output", on=False), {"seconds": 2.5}, {"control_code": 6, "timer_count": 25}),
        (OsdpCommand(SPEC, "output"), {}, {"control_code": 2, "timer_count": 0}),
        (OsdpCommand(SPEC, "output", on=False), {}, {"control_code": 1, "timer_count": 0}),
        (OsdpCommand(SPEC, "buzzer"), {"times": 3.0}, {"control_code": 2, "rep_count": 3}),
        (OsdpCommand(SPEC, "buzzer"), {}, {"rep_count": 1}),
        (OsdpCommand(SPEC, "led", 1, "red"), {"seconds": 3.0}, {"on_color": 1, "off_color": 0, "temporary": True}),
        (OsdpCommand(SPEC, "led", 0, "blue"), {}, {"on_color": 4, "off_color": 4, "temporary": False}),
    ],
)
def test_an_action_becomes_the_fields_of_the_protocols_command(
    command: OsdpCommand, params: dict[str, float], fields: dict[str, int | bool]
) -> None:
    found = command_fields(command, Action("door-1", "x", params))
    assert fields.items() <= found.items()


def test_the_reader_that_comes_with_anju_opens_beeps_and_shows_green() -> None:
    assert set(builtin_profile("osdp-reader").actions) == {"unlock", "lock", "beep", "signal"}
