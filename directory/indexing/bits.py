"""Sets of small numbers held as the bits of one number."""

from collections.abc import Iterable, Sequence


def join_bits(positions: Iterable[int]) -> int:
    """The number that has these bits set; a position that is given twice counts once."""
    number = 0
    for position in positions:
        number |= 1 << position
    return number


def list_bits(number: int) -> list[int]:
    """The positions of the bits that are set, lowest first."""
    return [position for position in range(number.bit_length()) if number >> position & 1]


def pack_names(names: Iterable[str], order: Sequence[str]) -> int:
    """The names as bits, each at its position in `order`."""
    return join_bits(map(order.index, names))
