from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from commanding import KEY, NOON, command, key_of
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from anju_contracts.command import CommandResponse, Refusal, decode_command, encode_command, signed_part
from anju_platform.commands.models import Act, OpenCommand, Order, State
from anju_platform.commands.rules import FIRST_WAIT_S, LONGEST_WAIT_S, Schedule, act_of, after, on_the_wire
from anju_platform.commands.service import check
from anju_platform.commands.signing import read_signing_key, sign
from anju_platform.errors import ConfigurationError, Invalid


def fold(acts: list[Act]) -> State:
    return reduce(after, acts, State.ASKED)


@pytest.mark.parametrize(
    ("acts", "state"),
    [
        ([], State.ASKED),
        ([Act.SENT], State.SENT),
        ([Act.SENT, Act.UNDELIVERED], State.SENT),
        ([Act.SENT, Act.UNDELIVERED, Act.SENT, Act.DELIVERED], State.DELIVERED),
        ([Act.SENT, Act.DELIVERED, Act.SENT], State.DELIVERED),
        ([Act.SENT, Act.DELIVERED, Act.DONE], State.DONE),
        ([Act.SENT, Act.DONE, Act.DELIVERED], State.DONE),
        ([Act.SENT, Act.DONE, Act.REPEATED], State.DONE),
        ([Act.SENT, Act.REPEATED], State.SENT),
        ([Act.SENT, Act.EXPIRED], State.EXPIRED),
        ([Act.SENT, Act.EXPIRED, Act.DONE], State.DONE),
        ([Act.SENT, Act.EXPIRED, Act.REFUSED], State.REFUSED),
        ([Act.SENT, Act.REFUSED, Act.EXPIRED], State.REFUSED),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else str(value),
)
def test_the_state_is_the_fold_of_the_log(acts: list[Act], state: State) -> None:
    assert fold(acts) is state


@given(st.lists(st.sampled_from(Act)), st.randoms())
def test_one_answer_decides_whatever_else_is_written_and_when(acts: list[Act], random: object) -> None:
    others = [act for act in acts if act not in (Act.DONE, Act.REFUSED)]
    with_answer = [*others, Act.DONE]
    random.shuffle(with_answer)  # type: ignore[attr-defined]
    assert fold(with_answer) is State.DONE


@pytest.mark.parametrize(
    ("response", "act"),
    [
        (CommandResponse("c-1", done=True, at=NOON), Act.DONE),
        (CommandResponse("c-1", done=False, at=NOON, reason=Refusal.EXPIRED), Act.REFUSED),
        (CommandResponse("c-1", done=False, at=NOON, reason=Refusal.REPLAYED), Act.REPEATED),
    ],
)
def test_a_refused_replay_is_no_answer_to_the_command(response: CommandResponse, act: Act) -> None:
    assert act_of(response) is act


def test_a_command_is_sent_again_ever_more_seldom_until_it_is_forgotten() -> None:
    schedule = Schedule()
    assert schedule.is_due(1, 0.0)
    now_s, waits = 0.0, []
    for _ in range(12):
        schedule.sent(1, now_s)
        wait_s = next(wait for wait in range(1, 1000) if schedule.is_due(1, now_s + wait))
        waits.append(float(wait_s))
        now_s += wait_s
    assert (waits[0], waits[1], waits[-1]) == (FIRST_WAIT_S, 2 * FIRST_WAIT_S, LONGEST_WAIT_S)
    assert waits == sorted(waits)
    schedule.keep([2])
    assert schedule.is_due(1, 0.0)


def test_what_is_signed_is_checked_by_the_gateway_s_half_of_the_key() -> None:
    found = OpenCommand(
        1, "c-1", "jinxiu", "gw-1", "door-01", "unlock", {"seconds": 5}, NOON, NOON.replace(minute=1), "asked"
    )
    received = decode_command(encode_command(sign(on_the_wire(found), KEY)))
    signature = bytes.fromhex(received.signature)
    KEY.public_key().verify(signature, signed_part(received))
    with pytest.raises(InvalidSignature):
        key_of("another").public_key().verify(signature, signed_part(received))
    assert sign(command(), KEY) == sign(command(), KEY)


def test_a_key_that_is_missing_or_of_another_kind_is_named(tmp_path: Path) -> None:
    file = tmp_path / "command.key"
    with pytest.raises(ConfigurationError, match=r"ANJU_COMMAND_KEY: got .*command\.key"):
        read_signing_key(file)
    other = ec.generate_private_key(ec.SECP256R1())
    file.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigurationError, match="expected an Ed25519 key"):
        read_signing_key(file)
    file.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert read_signing_key(file).public_key() == KEY.public_key()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"action": "un lock"}, "action"),
        ({"valid_for_s": 0.5}, "valid_for_s"),
        ({"valid_for_s": 86_401}, "valid_for_s"),
        ({"valid_for_s": float("nan")}, "valid_for_s"),
        ({"why": " "}, "why"),
    ],
)
def test_an_order_without_a_name_a_bounded_time_or_a_reason_is_invalid(change: dict[str, Any], field: str) -> None:
    order = Order("unlock", {}, "wang", "访客", 30)
    check(order)
    with pytest.raises(Invalid) as refused:
        check(replace(order, **change))
    assert refused.value.field == field
