"""What a telephone reads in a QR code (ISO/IEC 18004): a picture without a fault, in versions 1 to 6, as bytes."""

import re
from collections.abc import Iterator
from itertools import zip_longest
from urllib.parse import unquote
from xml.etree import ElementTree

Modules = list[list[bool]]
BLOCKS: dict[tuple[int, str], tuple[int, ...]] = {
    (1, "L"): (19,), (1, "M"): (16,), (1, "Q"): (13,), (1, "H"): (9,),
    (2, "L"): (34,), (2, "M"): (28,), (2, "Q"): (22,), (2, "H"): (16,),
    (3, "L"): (55,), (3, "M"): (44,), (3, "Q"): (17, 17), (3, "H"): (13, 13),
    (4, "L"): (80,), (4, "M"): (32, 32), (4, "Q"): (24, 24), (4, "H"): (9, 9, 9, 9),
    (5, "L"): (108,), (5, "M"): (43, 43), (5, "Q"): (15, 15, 16, 16), (5, "H"): (11, 11, 12, 12),
    (6, "L"): (68, 68), (6, "M"): (27,) * 4, (6, "Q"): (19,) * 4, (6, "H"): (15,) * 4,
}  # fmt: skip
"""Data codewords of each block, by version and level of correction (table 9)."""
LEVELS = ("M", "L", "H", "Q")
MASKS = (
    lambda r, c: (r + c) % 2 == 0, lambda r, c: r % 2 == 0, lambda r, c: c % 3 == 0, lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0, lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0, lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)  # fmt: skip
BYTES = 0b0100
"""The mode of a text of 8-bit characters."""


def read_qr_code(data_uri: str) -> str:
    """Return the text of the QR code that an SVG draws as rows of a stroked path."""
    modules = _drawn(unquote(data_uri.partition(",")[2]))
    level, mask = _format_of(modules)
    version = (len(modules) - 17) // 4
    bits = "".join(str(int(modules[r][c] ^ MASKS[mask](r, c))) for r, c in _path_of_data(len(modules)))
    codewords = [int(bits[n : n + 8], 2) for n in range(0, len(bits) - 7, 8)]
    message = "".join(f"{word:08b}" for word in _in_order(codewords, BLOCKS[version, level]))
    assert int(message[:4], 2) == BYTES
    length = int(message[4:12], 2)
    return int(message[12 : 12 + 8 * length], 2).to_bytes(length, "big").decode()


def _drawn(svg: str) -> Modules:
    """Return the dark modules, without the quiet zone."""
    [path] = [e for e in ElementTree.fromstring(svg).iter() if e.get("class") == "qrline"]  # noqa: S314 - our own page
    x = y = 0.0
    dark: set[tuple[int, int]] = set()
    for command, values in re.findall(r"([Mmh])\s*([-\d. ]+)", path.get("d", "")):
        numbers = [float(n) for n in values.split()]
        if command == "h":
            dark |= {(int(y), int(x) + n) for n in range(int(numbers[0]))}
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if command == "M" else (x + numbers[0], y + numbers[1])
    first, last = min(r for r, _ in dark), max(r for r, _ in dark)
    return [[(r, c) in dark for c in range(first, last + 1)] for r in range(first, last + 1)]


def _format_of(modules: Modules) -> tuple[str, int]:
    """Return the level of correction and the mask, as the modules beside the first corner say them."""
    places = [*((8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)), *((r, 8) for r in (7, 5, 4, 3, 2, 1, 0))]
    said = int("".join(str(int(modules[r][c])) for r, c in places), 2) ^ 0b101010000010010
    return LEVELS[said >> 13], said >> 10 & 0b111


def _path_of_data(size: int) -> Iterator[tuple[int, int]]:
    """Yield the modules that hold data: pairs of columns from the right, up then down."""
    upwards = True
    for right in (c - (c <= 6) for c in range(size - 1, 0, -2)):
        for r in range(size - 1, -1, -1) if upwards else range(size):
            yield from ((r, c) for c in (right, right - 1) if not _is_of_the_frame(r, c, size))
        upwards = not upwards


def _is_of_the_frame(r: int, c: int, size: int) -> bool:
    in_corner = (r < 9 and (c < 9 or c >= size - 8)) or (r >= size - 8 and c < 9)
    in_alignment = size > 21 and abs(r - (size - 7)) <= 2 and abs(c - (size - 7)) <= 2
    return in_corner or in_alignment or 6 in {r, c}


def _in_order(codewords: list[int], lengths: tuple[int, ...]) -> list[int]:
    """Return the data codewords block after block: they are written a codeword of each block at a time."""
    blocks: list[list[int]] = [[] for _ in lengths]
    turns = zip_longest(*([n] * length for n, length in enumerate(lengths)))
    order = [n for turn in turns for n in turn if n is not None]
    for n, word in zip(order, codewords, strict=False):
        blocks[n].append(word)
    return [word for block in blocks for word in block]
