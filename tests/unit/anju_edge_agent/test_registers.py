import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anju_edge_agent.registers import REGISTER_TYPES, Block, ModbusMap, Register, decode_register, plan_blocks


def words_of(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


@pytest.mark.parametrize(
    ("kind", "words", "value"),
    [
        ("u16", [0xFFFF], 65_535.0),
        ("s16", [0xFFFE], -2.0),
        ("u32", [0x0001, 0x0000], 65_536.0),
        ("s32", [0xFFFF, 0xFFFF], -1.0),
        ("f32", [0x4366, 0x8000], 230.5),
        ("u64", [0, 0, 0, 7], 7.0),
        ("s64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFF9], -7.0),
        ("f64", words_of(struct.pack(">d", 1.25)), 1.25),
    ],
)
def test_every_type_is_decoded(kind: str, words: list[int], value: float) -> None:
    assert decode_register(Register(4, 0, kind), words) == value


def test_words_and_bytes_can_be_the_other_way_round() -> None:
    assert decode_register(Register(4, 0, "f32", little_words=True), [0x8000, 0x4366]) == 230.5
    assert decode_register(Register(4, 0, "f32", little_bytes=True), [0x6643, 0x0080]) == 230.5
    assert decode_register(Register(4, 0, "u16", little_bytes=True), [0x3412]) == 0x1234


def test_a_float_keeps_the_digits_that_it_has() -> None:
    assert decode_register(Register(4, 0, "f32"), words_of(struct.pack(">f", 231.4))) == 231.4


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_a_meter_cannot_measure_is_no_value(value: float) -> None:
    assert decode_register(Register(4, 0, "f32"), words_of(struct.pack(">f", value))) is None


def test_neighbours_share_a_read_and_strangers_do_not() -> None:
    table = ModbusMap(
        (Register(4, 0, "f32"), Register(4, 2, "f32"), Register(4, 52, "f32"), Register(3, 4, "u16")), max_gap=10
    )
    assert plan_blocks(table, range(4)) == (Block(3, 4, 1, (3,)), Block(4, 0, 4, (0, 1)), Block(4, 52, 2, (2,)))


def test_a_meter_that_wants_even_counts_gets_them() -> None:
    table = ModbusMap((Register(4, 0, "u16"), Register(4, 1, "u16"), Register(4, 2, "u16")), even_counts=True)
    assert plan_blocks(table, range(3)) == (Block(4, 0, 4, (0, 1, 2)),)


registers = st.builds(Register, st.sampled_from([3, 4]), st.integers(0, 300), st.sampled_from(REGISTER_TYPES))


@given(st.lists(registers, min_size=1, max_size=30), st.integers(4, 125), st.integers(0, 60), st.booleans(), st.data())
def test_blocks_cover_every_point_once_within_the_limits(
    some: list[Register], most: int, gap: int, even: bool, data: st.DataObject
) -> None:
    table = ModbusMap(tuple(some), most - most % 2, gap, even)
    points = data.draw(st.lists(st.sampled_from(range(len(some))), unique=True, min_size=1))
    blocks = plan_blocks(table, points)
    assert sorted(index for block in blocks for index in block.points) == sorted(points)
    for block in blocks:
        assert block.count <= table.max_registers
        assert not (even and block.count % 2)
        for register in (some[index] for index in block.points):
            assert register.function == block.function
            assert block.address <= register.address
            assert register.address + register.words <= block.address + block.count
