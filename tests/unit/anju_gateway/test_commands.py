"""What a gateway does when it is told something, and above all what it doesn't."""

import json
import resource
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from commanding import KEY, NOON, OWN, altered, command, key_of, signed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from eventual import eventually

from anju_contracts.command import MAX_BYTES, CommandResponse, Refusal, decode_response, encode_command
from anju_contracts.event import Event
from anju_edge_agent.actions import Action, ActionRefused, ActionSpec, ActionUnanswered, ParamSpec, Result
from anju_gateway.commands import EVENTS_A_MINUTE, MOST_WAITING, Commands, Hands
from anju_gateway.commands_book import KEPT_AFTER, MOST_COMMANDS, BookError, CommandBook
from anju_gateway.commands_check import MOST_AHEAD, Gate, Refused, read_command_key
from anju_gateway.commands_setup import plain
from anju_gateway.queries import load_queries

S = timedelta(seconds=1)
UNLOCK = {"unlock": ActionSpec("unlock", {"seconds": ParamSpec(1, 60, 5)})}


@dataclass
class StandingClock:
    """Shows what it was set to."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def real_s(self, data_s: float) -> float:
        return data_s


class Taken:
    """A publish that the broker has at once, or when it is told to."""

    def __init__(self, *, done: bool) -> None:
        self.done = done

    def is_published(self) -> bool:
        return self.done


@dataclass
class Told:
    """A gateway's commands with a door that remembers, and what it would send up."""

    folder: Path
    clock: StandingClock = field(default_factory=StandingClock)
    did: list[Action] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    outcome: Exception | None = None
    broker_takes: bool = True
    room: int = 20
    waiting: threading.Event = field(default_factory=threading.Event)
    sent: list[tuple[bytes, bytes]] = field(default_factory=list)

    def start(self, begun: datetime = NOON - S) -> "Told":
        hands = Hands(
            {"door-01": UNLOCK, "em-001": {}}, self._perform, {"announce": plain(self._announce)}, self.events.append
        )
        self.book = CommandBook(self.folder / "commands.sqlite3", now=begun)
        self.commands = Commands(Gate(OWN, KEY.public_key()), self.book, hands, self.clock, wake=lambda: None)
        self.commands.start()
        return self

    def stop(self) -> None:
        self.commands.stop()

    def tell(self, payload: bytes, correlation: bytes = b"x") -> None:
        self.commands.take(payload, correlation)

    def answer(self) -> CommandResponse:
        """The next answer that goes up."""
        before = len(self.sent)
        until_s = time.monotonic() + 20
        while len(self.sent) == before and time.monotonic() < until_s:
            self.carry()
            time.sleep(0.005)
        return decode_response(self.sent[before][0])

    def event(self) -> tuple[str, str, str | None]:
        """The first event that was noted."""
        assert eventually(lambda: self.events)
        return self.events[0].asset, self.events[0].code, self.events[0].text

    def carry(self) -> None:
        self.commands.carry(self._publish, most=self.room)

    def _publish(self, payload: bytes, correlation: bytes) -> Taken:
        self.sent.append((payload, correlation))
        return Taken(done=self.broker_takes)

    def _perform(self, action: Action, timeout_s: float) -> Result:
        self.did.append(action)
        if self.outcome is not None:
            raise self.outcome
        return {"open": True, "within_s": timeout_s}

    def _announce(self) -> None:
        self.own.append("announce")


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    told = Told(tmp_path).start()
    yield told
    told.stop()


def text_of(**change: object) -> bytes:
    """A signed command, some fields of its JSON replaced; None leaves one out."""
    found = json.loads(signed()) | change
    return json.dumps({key: value for key, value in found.items() if value is not None}).encode()


def with_signature(signature: str) -> bytes:
    return text_of(signature=signature)


GOOD = json.loads(signed())["signature"]
NEVER_DONE: dict[str, tuple[Callable[[], bytes], Refusal]] = {
    "late by nothing": (lambda: signed(expires_at=NOON, issued_at=NOON - 30 * S), Refusal.EXPIRED),
    "late by a minute": (lambda: signed(expires_at=NOON - 60 * S, issued_at=NOON - 90 * S), Refusal.EXPIRED),
    "late by a year": (
        lambda: signed(expires_at=NOON.replace(year=2025), issued_at=NOON.replace(year=2025) - S),
        Refusal.EXPIRED,
    ),
    "early by more than clocks differ": (
        lambda: signed(issued_at=NOON + MOST_AHEAD + S, expires_at=NOON + MOST_AHEAD + 9 * S),
        Refusal.EARLY,
    ),
    "of next year": (
        lambda: signed(issued_at=NOON.replace(year=2027), expires_at=NOON.replace(year=2027) + S),
        Refusal.EARLY,
    ),
    "issued before this gateway's memory begins": (lambda: signed(issued_at=NOON - 9 * S), Refusal.REPLAYED),
    "for another gateway": (lambda: signed(gateway="gw-2"), Refusal.OTHER_GATEWAY),
    "for a gateway of a longer name": (lambda: signed(gateway="gw-11"), Refusal.OTHER_GATEWAY),
    "for another gateway, now with our name": (
        lambda: text_of(signature=json.loads(signed(gateway="gw-2"))["signature"]),
        Refusal.WRONG_SIGNATURE,
    ),
    "for another community": (lambda: signed(community="yihe"), Refusal.OTHER_COMMUNITY),
    "for another community, now with our name": (
        lambda: text_of(signature=json.loads(signed(community="yihe"))["signature"]),
        Refusal.WRONG_SIGNATURE,
    ),
    "for everybody": (lambda: text_of(gateway="*"), Refusal.MALFORMED),
    "unsigned": (lambda: encode_command(command()), Refusal.UNSIGNED),
    "without the field of the signature": (lambda: text_of(signature=None), Refusal.UNSIGNED),
    "signed by somebody else": (lambda: signed(key_of("intruder")), Refusal.WRONG_SIGNATURE),
    "signed with nothing but zeros": (lambda: with_signature("00" * 64), Refusal.WRONG_SIGNATURE),
    "signed with half a signature": (lambda: with_signature(GOOD[:64]), Refusal.WRONG_SIGNATURE),
    "signed twice over": (lambda: with_signature(GOOD * 2), Refusal.WRONG_SIGNATURE),
    "signed with no hex": (lambda: with_signature("g" * 128), Refusal.WRONG_SIGNATURE),
    "signed with a bit turned": (lambda: with_signature(f"{int(GOOD, 16) ^ 1:0128x}"), Refusal.WRONG_SIGNATURE),
    "with another's signature": (
        lambda: text_of(signature=json.loads(signed(id="c-2"))["signature"]),
        Refusal.WRONG_SIGNATURE,
    ),
    "altered: action": (lambda: altered(action="lock"), Refusal.WRONG_SIGNATURE),
    "altered: asset": (lambda: altered(asset="door-02"), Refusal.WRONG_SIGNATURE),
    "altered: asset left out": (lambda: altered(asset=None), Refusal.WRONG_SIGNATURE),
    "altered: id": (lambda: altered(id="c-2"), Refusal.WRONG_SIGNATURE),
    "altered: valid for longer": (lambda: altered(expires_at=NOON + 3600 * S), Refusal.WRONG_SIGNATURE),
    "altered: issued later": (lambda: altered(issued_at=NOON + S), Refusal.WRONG_SIGNATURE),
    "altered: a parameter": (lambda: altered(params={"seconds": 60.0}), Refusal.WRONG_SIGNATURE),
    "valid for ever": (lambda: signed(expires_at=NOON + timedelta(days=400)), Refusal.MALFORMED),
    "expires before it is issued": (lambda: signed(expires_at=NOON - S), Refusal.MALFORMED),
    "no JSON": (lambda: b"unlock!", Refusal.MALFORMED),
    "empty": (lambda: b"", Refusal.MALFORMED),
    "no text": (lambda: b"\xff\xfe\x00", Refusal.MALFORMED),
    "a list": (lambda: b"[" + signed() + b"]", Refusal.MALFORMED),
    "nested without end": (lambda: b'{"params":' * 5000, Refusal.OVERSIZED),
    "with a field that nobody knows": (lambda: text_of(force=True), Refusal.MALFORMED),
    "an id that is no name": (lambda: text_of(id="../../etc"), Refusal.MALFORMED),
    "an asset that is no name": (lambda: text_of(asset="door-01/+"), Refusal.MALFORMED),
    "no id": (lambda: text_of(id=None), Refusal.MALFORMED),
    "a time without a zone": (lambda: text_of(issued_at="2026-03-10T12:00:00"), Refusal.MALFORMED),
    "a number that is none": (lambda: signed().replace(b'"params":{}', b'"params":{"seconds":NaN}'), Refusal.MALFORMED),
    "a parameter that is a list": (lambda: text_of(params={"seconds": [5]}), Refusal.MALFORMED),
    "too large": (lambda: signed(params={"text": "x" * MAX_BYTES}), Refusal.OVERSIZED),
    "an asset of somebody else": (lambda: signed(asset="door-77"), Refusal.UNKNOWN_ASSET),
    "an action that the model doesn't know": (lambda: signed(action="explode"), Refusal.NOT_ALLOWED),
    "an action of another model": (lambda: signed(asset="em-001"), Refusal.NOT_ALLOWED),
    "a parameter that the action doesn't know": (lambda: signed(params={"volume": 3.0}), Refusal.NOT_ALLOWED),
    "a parameter beyond its bounds": (lambda: signed(params={"seconds": 3600.0}), Refusal.NOT_ALLOWED),
    "a parameter of another type": (lambda: signed(params={"seconds": "ten"}), Refusal.NOT_ALLOWED),
    "an order to the gateway that it doesn't know": (lambda: signed(asset=None, action="reboot"), Refusal.NOT_ALLOWED),
    "an order to the gateway with a parameter": (
        lambda: signed(asset=None, action="announce", params={"n": 1.0}),
        Refusal.NOT_ALLOWED,
    ),
}


@pytest.mark.parametrize("case", NEVER_DONE)
def test_a_command_that_is_not_ours_now_and_whole_is_refused_with_its_reason(told: Told, case: str) -> None:
    build, reason = NEVER_DONE[case]
    payload = build()
    if reason in (Refusal.OVERSIZED, Refusal.MALFORMED):
        with pytest.raises(Refused) as refused:
            Gate(OWN, KEY.public_key()).admit(payload, now=NOON)
        assert (refused.value.reason, refused.value.command_id) == (reason, None)
    else:
        told.tell(payload)
        answer = told.answer()
        assert (answer.done, answer.reason) == (False, reason)
        assert answer.detail
    assert (told.did, told.own) == ([], [])


def test_there_are_enough_cases() -> None:
    assert len(NEVER_DONE) >= 30
    assert {reason for _, reason in NEVER_DONE.values()} >= set(Refusal) - {
        Refusal.BUSY,
        Refusal.FAILED,
        Refusal.UNANSWERED,
    }


def test_what_cannot_be_read_is_not_answered_and_stops_nothing(told: Told) -> None:
    told.tell(b"unlock!")
    told.tell(b"x" * (MAX_BYTES + 1))
    told.tell(signed())
    assert told.answer().id == "c-1"
    assert len(told.sent) == 1


def test_a_good_command_is_done_answered_with_its_correlation_and_stands_among_the_events(told: Told) -> None:
    told.tell(signed(params={"seconds": 10}), b"\x00correlated")
    answer = told.answer()
    assert (answer.id, answer.done, answer.reason) == ("c-1", True, None)
    assert answer.result == {"open": True, "within_s": 10.0}
    assert told.sent[0][1] == b"\x00correlated"
    assert told.did == [Action("door-01", "unlock", {"seconds": 10.0})]
    assert told.event() == ("door-01", "command.done", "unlock c-1")


def test_a_device_has_no_longer_than_the_command_is_valid(told: Told) -> None:
    told.tell(signed(expires_at=NOON + 3 * S))
    assert told.answer().result["within_s"] == 3.0


def test_a_command_a_little_ahead_of_our_clock_is_done(told: Told) -> None:
    told.tell(signed(issued_at=NOON + MOST_AHEAD, expires_at=NOON + MOST_AHEAD + S))
    assert told.answer().done


def test_the_gateway_itself_can_be_told_to_announce_itself(told: Told) -> None:
    told.tell(signed(asset=None, action="announce"))
    assert told.answer().done
    assert told.own == ["announce"]
    assert told.events == []


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (ActionRefused("door is blocked"), Refusal.FAILED),
        (ActionUnanswered("no answer in time"), Refusal.UNANSWERED),
        (ValueError("a bug in a driver"), Refusal.FAILED),
    ],
)
def test_what_the_device_says_is_the_answer(told: Told, outcome: Exception, reason: Refusal) -> None:
    told.outcome = outcome
    told.tell(signed())
    answer = told.answer()
    assert (answer.done, answer.reason) == (False, reason)
    assert str(outcome) in (answer.detail or "")


@pytest.mark.parametrize("outcome", [None, ActionRefused("blocked")], ids=["done", "not done"])
def test_a_command_is_tried_once_however_often_it_comes(told: Told, outcome: Exception | None) -> None:
    told.outcome = outcome
    told.tell(signed())
    told.answer()
    for _ in range(3):
        told.tell(signed())
        assert told.answer().reason is Refusal.REPLAYED
    assert len(told.did) == 1


def test_a_command_is_not_done_again_after_a_restart(told: Told) -> None:
    told.tell(signed())
    told.answer()
    told.carry()
    told.stop()
    told.start()
    told.tell(signed())
    assert told.answer().reason is Refusal.REPLAYED
    assert len(told.did) == 1


def test_a_command_during_which_the_gateway_died_is_not_done_again_and_is_answered(told: Told) -> None:
    told.book.begin(command(), b"corr")
    told.stop()
    told.start()
    assert told.answer().reason is Refusal.UNANSWERED
    assert told.sent[0][1] == b"corr"
    told.tell(signed())
    assert told.answer().reason is Refusal.REPLAYED
    assert told.did == []


def test_a_clock_that_is_put_back_revives_no_command(told: Told) -> None:
    told.tell(signed())
    told.answer()
    told.clock.at = NOON + KEPT_AFTER + 60 * S
    told.tell(signed(id="c-2", issued_at=told.clock.at, expires_at=told.clock.at + S))
    assert told.answer().done
    told.clock.at = NOON
    told.tell(signed())
    assert told.answer().reason is Refusal.REPLAYED
    assert len(told.did) == 2


def test_a_broken_book_is_set_aside_and_nothing_from_before_is_done(told: Told) -> None:
    told.tell(signed())
    told.answer()
    told.stop()
    for suffix in ("", "-wal"):
        (told.folder / f"commands.sqlite3{suffix}").write_bytes(b"no database" * 500)
    told.clock.at = NOON + S
    told.start(begun=told.clock.at)
    told.tell(signed())
    assert told.answer().reason is Refusal.REPLAYED
    told.tell(signed(id="c-2", issued_at=NOON + S))
    assert told.answer().done
    assert list(told.folder.glob("commands.sqlite3.corrupt-*"))


def test_a_book_that_cannot_be_written_now_is_not_called_broken(told: Told) -> None:
    told.stop()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_024, hard))
    try:
        with pytest.raises(BookError, match=r"commands\.sqlite3: "):
            CommandBook(told.folder / "commands.sqlite3", now=NOON)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(told.folder.glob("*.corrupt-*"))


def test_a_memory_that_began_in_the_future_is_corrected_at_the_next_start(told: Told) -> None:
    told.stop()
    (told.folder / "commands.sqlite3").unlink()
    told.start(begun=NOON + timedelta(days=400))
    told.tell(signed())
    assert told.answer().reason is Refusal.REPLAYED
    told.stop()
    told.start(begun=NOON)
    told.tell(signed(issued_at=NOON + S))
    assert told.answer().done


def test_what_cannot_be_written_down_is_not_done(told: Told) -> None:
    with sqlite3.connect(told.folder / "commands.sqlite3") as other:
        other.execute("DROP TABLE command")
    told.tell(signed())
    assert told.answer().reason is Refusal.BUSY
    assert told.did == []


def test_an_answer_that_cannot_be_kept_is_sent_all_the_same(told: Told) -> None:
    with sqlite3.connect(told.folder / "commands.sqlite3") as other:
        other.execute(
            "CREATE TRIGGER full BEFORE UPDATE OF response ON command BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    told.tell(signed())
    assert told.answer().done
    assert len(told.did) == 1


def test_an_answer_of_which_nobody_can_note_that_it_was_taken_is_sent_again(told: Told) -> None:
    with sqlite3.connect(told.folder / "commands.sqlite3") as other:
        other.execute(
            "CREATE TRIGGER full BEFORE UPDATE OF told ON command BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    told.tell(signed())
    assert (told.answer(), told.answer()) == (told.answer(), told.answer())


def test_a_fault_of_ours_stops_no_other_command(told: Told, caplog: pytest.LogCaptureFixture) -> None:
    told.clock.at = None  # type: ignore[assignment]
    told.tell(signed())
    assert eventually(lambda: "not foreseen" in caplog.text)
    told.clock.at = NOON
    told.tell(signed(id="c-2"))
    assert told.answer().id == "c-2"


def test_a_gateway_remembers_a_bounded_number_of_commands(told: Told) -> None:
    later = NOON + timedelta(hours=1)
    rows = [(f"x-{number}", round(later.timestamp() * 1e6), b"", b"", 1) for number in range(MOST_COMMANDS)]
    with sqlite3.connect(told.folder / "commands.sqlite3") as other:
        other.executemany("INSERT INTO command VALUES (?, ?, ?, ?, ?)", rows)
    told.tell(signed())
    assert told.answer().reason is Refusal.BUSY
    told.clock.at = later + KEPT_AFTER + S
    told.tell(signed(id="c-2", issued_at=told.clock.at, expires_at=told.clock.at + S))
    assert told.answer().done


def test_looking_for_answers_to_send_reads_no_others(told: Told) -> None:
    book = sqlite3.connect(told.folder / "commands.sqlite3")
    ((*_, how),) = book.execute(f"EXPLAIN QUERY PLAN {load_queries()['command_untold']}").fetchall()
    book.close()
    assert "USING INDEX command_untold" in how


def test_an_answer_is_sent_until_the_broker_has_it(told: Told) -> None:
    told.broker_takes = False
    told.tell(signed())
    told.answer()
    told.carry()
    assert len(told.sent) == 1
    told.commands.begin_session()
    told.broker_takes = True
    told.carry()
    assert len(told.sent) == 2
    told.carry()
    told.commands.begin_session()
    told.carry()
    assert len(told.sent) == 2


def test_more_commands_than_can_wait_are_dropped_and_the_rest_is_done(told: Told) -> None:
    gate = threading.Event()
    perform = told._perform

    def slowly(action: Action, timeout_s: float) -> Result:
        gate.wait(20)
        return perform(action, timeout_s)

    told.stop()
    told._perform = slowly  # type: ignore[method-assign]
    told.start()
    for number in range(MOST_WAITING + 10):
        told.tell(signed(id=f"c-{number}"))
    gate.set()
    answers = {told.answer().id}
    while len(answers) < MOST_WAITING:
        told.carry()
        answers |= {decode_response(payload).id for payload, _ in told.sent}
    assert MOST_WAITING <= len(answers) <= MOST_WAITING + 1


def test_no_more_answers_go_up_at_once_than_the_broker_takes(told: Told) -> None:
    told.room, told.broker_takes = 0, False
    for number in range(6):
        told.tell(signed(id=f"c-{number}"))
    for _ in range(3):
        told.tell(signed(id="c-late", issued_at=NOON - 30 * S, expires_at=NOON))
    assert eventually(lambda: len(told.book.untold()) == 6)
    told.room = 4
    told.carry()
    assert len(told.sent) == 4
    told.carry()
    assert len({payload for payload, _ in told.sent}) == 7
    assert eventually(lambda: bool(told.carry() or len(told.sent) == 9))


def test_what_waits_when_the_gateway_stops_is_not_done(told: Told) -> None:
    perform = told._perform

    def slowly(action: Action, timeout_s: float) -> Result:
        told.waiting.wait(0.2)
        return perform(action, timeout_s)

    told.stop()
    told._perform = slowly  # type: ignore[method-assign]
    told.start()
    for number in range(MOST_WAITING):
        told.tell(signed(id=f"c-{number}"))
    assert eventually(lambda: told.did)
    told.stop()
    assert len(told.did) < MOST_WAITING


def test_many_commands_fill_the_log_and_not_the_outbox(told: Told) -> None:
    for number in range(EVENTS_A_MINUTE + 5):
        told.tell(signed(id=f"c-{number}"))
    while len(told.sent) < EVENTS_A_MINUTE + 5:
        told.carry()
        time.sleep(0.005)
    told.stop()
    told.start()
    assert len(told.events) == EVENTS_A_MINUTE


def test_the_key_of_an_enrolment_is_read_and_any_other_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "command.pub"
    file.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert read_command_key(file) == KEY.public_key()
    file.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="PEM"):
        read_command_key(file)
