"""Reads every record that the suite logs as it would be written, and keeps those with anything of a person in them.

Names and addresses of the small network, the passwords and tokens of tests, the canaries of ``tests/access``.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from app.platform.observability.logs import JsonLines, StandardError

PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|Canari[A-Z]"  # tests/access/actors.py
    r"|passe assez longue|bonne phrase"  # tests/factories/network.py
    r"|esc_\w{20}"  # an API token
    r"|Bérubé|Haddad|Lœwen|O’Brien|Sansrôle|Registraire\b|Observateur"
    r"|[?&][a-z_]+="  # what was asked for
)


class LogWatch(logging.Handler):
    """A handler that keeps what it should not have been given."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self._found: list[str] = []
        self.read = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Read a record."""
        line = self.format(record)
        self.read += 1
        if PERSONAL.search(line):
            self._found.append(line)

    def leaks(self) -> list[str]:
        """Return the lines kept since the last call."""
        found, self._found = self._found, []
        return found

    def listen(self) -> None:
        """Have ours write from INFO on, here alone: a command that ran in this process chose otherwise."""
        logging.getLogger("escouade").setLevel(logging.INFO)
        root = logging.getLogger()
        root.handlers = [handler for handler in root.handlers if not isinstance(handler, StandardError)]

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Read what every logger writes while the block runs."""
        logging.getLogger().addHandler(self)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(self)
