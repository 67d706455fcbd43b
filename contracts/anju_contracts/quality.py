"""How far a sample can be trusted. A value that is merely old is no sample: nothing is sent again as fresh."""

from enum import IntEnum


class Quality(IntEnum):
    """`GOOD` is left out on the wire. Rollups and features use `GOOD` and `UNCERTAIN` samples, never `BAD` ones."""

    GOOD = 0
    UNCERTAIN = 1
    """Outside the range that the device's profile calls plausible, or flagged so by the device."""
    BAD = 2
    """The device says that its sensor failed; the number is kept for the record."""
