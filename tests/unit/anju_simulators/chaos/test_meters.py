"""When a meter of a chaos run takes an answer for handed over."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from anju_simulators.chaos.meters import HEAD, NEXT_ROUND_S, QUESTION, READ_INPUT, VALUES, Converter, Meter
from anju_simulators.chaos.values import METER_POINTS, answer
from anju_simulators.devices.publication import PublicationLog, read_publications

Course = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, unit: int = 1) -> tuple[float, ...]:
    body = QUESTION.pack(READ_INPUT, 0, VALUES.size // 2)
    writer.write(HEAD.pack(7, 0, len(body) + 1, unit) + body)
    transaction, _, length, found = HEAD.unpack(await reader.readexactly(HEAD.size))
    reply = await reader.readexactly(length - 1)
    assert (transaction, found, reply[:2]) == (7, unit, bytes((READ_INPUT, VALUES.size)))
    return VALUES.unpack(reply[2:])


def logged(folder: Path, course: Course) -> tuple[list[float], list[float]]:
    """The values that were answered and those that were handed over in the course of one connection."""
    paths = folder / "answered.csv", folder / "handed-over.csv"
    with PublicationLog(paths[0]) as answered, PublicationLog(paths[1]) as handed_over:
        converter = Converter({1: Meter("em-001"), 2: Meter("em-002")}, answered=answered, handed_over=handed_over)

        async def run() -> None:
            server = await asyncio.start_server(converter.serve, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
            await course(reader, writer)
            writer.close()
            await writer.wait_closed()
            server.close()
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))

        asyncio.run(run())
    return tuple([float(one.detail) for one in read_publications(path)] for path in paths)  # type: ignore[return-value]


async def next_round() -> None:
    await asyncio.sleep(NEXT_ROUND_S[0] + 0.1)


def test_an_answer_is_handed_over_when_the_same_meter_is_asked_in_the_next_round(tmp_path: Path) -> None:
    async def course(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await ask(reader, writer) == answer(0)
        await next_round()
        assert await ask(reader, writer) == answer(1)

    assert logged(tmp_path, course) == ([*answer(0), *answer(1)], [*answer(0)])


def test_a_question_that_is_repeated_at_once_hands_nothing_over(tmp_path: Path) -> None:
    async def course(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ask(reader, writer)
        await ask(reader, writer)

    assert logged(tmp_path, course) == ([*answer(0), *answer(1)], [])


def test_another_meter_or_another_connection_confirms_nothing(tmp_path: Path) -> None:
    async def course(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ask(reader, writer)
        await next_round()
        await ask(reader, writer, unit=2)
        port = writer.get_extra_info("peername")[1]
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        assert await ask(other_reader, other_writer) == answer(1)
        other_writer.close()
        await other_writer.wait_closed()

    answered, handed_over = logged(tmp_path, course)
    assert len(answered) == 3 * len(METER_POINTS)
    assert handed_over == []


def test_whoever_asks_for_something_else_is_hung_up_on(tmp_path: Path) -> None:
    async def course(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with pytest.raises(asyncio.IncompleteReadError):
            await ask(reader, writer, unit=9)

    assert logged(tmp_path, course) == ([], [])
