"""The addresses of databases, as people write them and as SQLAlchemy takes them."""

import re

SEVERAL_HOSTS = re.compile(
    r"^(?P<start>[\w+]+://(?:[^/?#]*@)?)(?P<hosts>[^/?#@]*,[^/?#@]*)(?P<rest>(?:[/?#].*)?)$", re.DOTALL
)
HOST = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>\d+))?")
DEFAULT_PORT = "5432"
WRITTEN = re.compile(
    r"""[\w+]+://
        (?:[^:/?#@\s]*(?::[^@]*)?@)?          # role and password: an @ in one is written %40
        (?:\[[^\]@\s]*\]|[^/:?#@\s]*)(?::\d*)?  # host and port
        (?:/[^?@\s]*)?(?:\?[^@\n]*)?""",
    re.VERBOSE,
)
"""An address as it is cut into its parts, without what would silently become the host: the end of a password."""


def sqlalchemy_url(written: str) -> str:
    """Return the address as SQLAlchemy takes it, with psycopg as its driver.

    Several hosts, ``postgresql://user@first:5432,second:5432/name`` as libpq writes them, are tried in order; the first
    that accepts writes is taken, unless the address says otherwise (``target_session_attrs``).

    Raise ``ValueError``, without the address, for one that is not written so.
    """
    if "://" not in written:
        raise ValueError("not an address")
    url = "postgresql+psycopg://" + written.split("://", 1)[1]
    several = SEVERAL_HOSTS.match(url)
    if several is None:
        return _as_written(url)
    rest, _, query = several["rest"].partition("?")
    found = [match for host in several["hosts"].split(",") if (match := HOST.fullmatch(host)) is not None]
    if len(found) <= several["hosts"].count(","):
        raise ValueError("a host is not written as name:port")
    hosts = ",".join(match["host"].strip("[]") for match in found)
    ports = ",".join(match["port"] or DEFAULT_PORT for match in found)
    parameters = [f"host={hosts}", f"port={ports}", *([query] if query else [])]
    if "target_session_attrs=" not in query:
        parameters.append("target_session_attrs=read-write")
    return _as_written(f"{several['start']}{rest}?{'&'.join(parameters)}")


def _as_written(url: str) -> str:
    if WRITTEN.fullmatch(url) is None:
        raise ValueError("a part of the address is not written as one")
    return url
