"""Where files are kept, where that is not a folder; settings read it, without what works there."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is, and the keys to it; ``seconds`` is the longest that one request may take."""

    name: str
    endpoint: str | None
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    seconds: float = 10
