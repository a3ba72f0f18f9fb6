"""Strict validation of multipart forms (RFC 7578) as they stream by: their text must be UTF-8.

The framework reads what is not UTF-8 as Latin-1, and a part's own charset not at all: a name would be stored altered.
"""

import codecs

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

UTF_8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})


def is_utf8(options: dict[bytes, bytes]) -> bool:
    """Return whether the options of a ``Content-Type`` name UTF-8, or no charset."""
    return options.get(b"charset", b"utf-8").lower() in UTF_8


class MultipartText:
    """Reads a multipart body in pieces; ``is_valid`` turns false at text that is not UTF-8. Files are not looked at."""

    def __init__(self, boundary: bytes) -> None:
        self.is_valid = True
        self._is_file = False
        self._header = bytearray()
        self._value = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._parser: MultipartParser | None = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._read_header,
                "on_part_data": self._read,
                "on_part_end": self._end,
            },
        )

    def feed(self, piece: bytes) -> None:
        """Read a piece of the body; one that is no multipart is left to the application to refuse."""
        if self._parser is None:
            return
        try:
            self._parser.write(piece)
        except FormParserError:
            self._parser = None
        except UnicodeDecodeError:
            self._parser, self.is_valid = None, False

    def _begin(self) -> None:
        self._is_file = False
        self._decoder.reset()

    def _read_header(self) -> None:
        name, value = bytes(self._header).lower(), bytes(self._value)
        self._header.clear()
        self._value.clear()
        value.decode("utf-8")
        if name == b"content-disposition":
            self._is_file = b"filename" in parse_options_header(value)[1]
        elif name == b"content-type" and not is_utf8(parse_options_header(value)[1]):
            self.is_valid = False
        elif name == b"content-transfer-encoding" and value.lower() not in {b"7bit", b"8bit", b"binary"}:
            self.is_valid = False  # deprecated (RFC 7578, 4.7), and not decoded by anyone here

    def _read(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._decoder.decode(data[start:end])

    def _end(self) -> None:
        if not self._is_file:
            self._decoder.decode(b"", final=True)
