"""Certificates per second: printed naively one by one, and by the press, in turns, as ratios.

Naive is ``HTML(string=…).write_pdf()`` per certificate, giving the same conformant file: its style sheet and fonts
read each time, its QR code drawn module by module with the best mask. Turns are interleaved, and a ratio is taken
within its turn: the machine's mood falls on both. Signing is counted apart.
"""

import statistics
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import islice
from multiprocessing import active_children
from pathlib import Path

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from app.certificates.documents.layout import Draft, design_folder, document, html, open_render_pool
from app.certificates.schemas import CertificateRecord
from app.platform.documents import pdf
from app.platform.documents.pades import SigningKey, sign
from app.platform.documents.render_pool import RenderFailure, RenderPool
from app.platform.locations import ROOT

TURNS = 5
CERTIFICATES = 24
"""Per turn and per process."""
LONG_RUN = 1000
SEEN_AT = (1, 100, 200, 400, 600, 800, 1000)


def records(design: str = "escouade") -> Iterator[Draft]:
    """Certificates without end, each with its own number, code and name."""
    sample = CertificateRecord.model_validate_json((ROOT / "certificates" / design / "sample.json").read_text("utf-8"))
    for number in range(1, sys.maxsize):
        code = f"{number * 0x9E3779B97F4A7C15 % 2**128:032x}"
        own = {"number": f"PIE-2026-{number:04}", "code": code, "verify_url": sample.verify_url[:-32] + code}
        yield Draft(sample.model_copy(update={**own, "holder": f"{sample.holder} {number}"}))


def naive(draft: Draft) -> bytes:
    """The same file, as one writes it at first."""
    from weasyprint import CSS, HTML  # noqa: PLC0415 - only where it is measured

    drawing = BytesIO()
    segno.make(draft.record.verify_url, error="m", micro=False).save(drawing, kind="svg", border=0, svgns=True)
    design = design_folder(draft.record.design)
    files = pdf.design_files(design, {"qr.svg": drawing.getvalue()})
    style = CSS(string=(design / "style.css").read_text("utf-8"), base_url=pdf.BASE, url_fetcher=files)
    written = HTML(
        string=html(draft.record).replace("qr.png", "qr.svg"), base_url=pdf.BASE, url_fetcher=files
    ).write_pdf(stylesheets=[style], pdf_variant="pdf/a-3a", pdf_tags=True)
    return pdf.declare_universal(written)


def one_by_one(drafts: Iterable[Draft]) -> None:
    """As a loop in one process."""
    for draft in drafts:
        naive(draft)


def measured(running: RenderPool[Draft], drafts: Iterable[Draft]) -> None:
    """By a press; a certificate that fails ends the measure."""
    for result in running.printed(drafts):
        if isinstance(result, RenderFailure):
            raise SystemExit(str(result))


def per_second(make: Callable[[list[Draft]], None], drafts: list[Draft]) -> float:
    """Certificates in a second of the wall clock."""
    start = time.perf_counter()
    make(drafts)
    return len(drafts) / (time.perf_counter() - start)


def compare(design: str) -> None:
    """Naive, one process, two processes, in turns."""
    stock = records(design)
    with open_render_pool({}, 1) as one, open_render_pool({}, 2) as two:
        ways: dict[str, Callable[[list[Draft]], None]] = {
            "naive": one_by_one,
            "press, 1 process": lambda drafts: measured(one, drafts),
            "press, 2 processes": lambda drafts: measured(two, drafts),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(TURNS + 1):
            for name, make in ways.items():
                speed = per_second(make, list(islice(stock, CERTIFICATES if turn else 4)))
                found[name] += [speed] if turn else []  # the first turn warms up
    table = Table("way", "certificates / s", "× naive", "turn by turn", title=f"design {design}")
    for name, speeds in found.items():
        ratios = [speed / first for speed, first in zip(speeds, found["naive"], strict=True)]
        turns = " ".join(f"{ratio:.2f}" for ratio in ratios)
        table.add_row(name, f"{statistics.median(speeds):.1f}", f"{statistics.median(ratios):.2f}", turns)
    Console(width=110).print(table)


def long_run() -> None:
    """Memory of a run of a thousand: what one process holds, and at its peak."""
    table = Table("certificates", "MB held", "MB at the peak", title=f"memory of one process, {LONG_RUN} certificates")
    with open_render_pool({}, 1) as running:
        results = running.printed(islice(records(), LONG_RUN))
        for number, result in enumerate(results, start=1):
            if isinstance(result, RenderFailure):
                raise SystemExit(str(result))
            if number in SEEN_AT[:-1] or number == LONG_RUN - 1:  # after the last, nobody is left to ask
                [process] = active_children()
                table.add_row(str(number), *(f"{size:.0f}" for size in _memory(process.pid or 0)))
    Console(width=110).print(table)


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    held, peak = (int(sizes[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return held, peak


def signing() -> None:
    """What a signature adds to one certificate, the signer read once."""
    key, content = made_up_key(), document(next(records()))
    times = []
    for _ in range(20):
        start = time.perf_counter()
        sign(content, key, "Cégep du Piékouagami")
        times.append((time.perf_counter() - start) * 1000)
    Console().print(f"signing, EC P-256: {statistics.median(times):.0f} ms")


def made_up_key() -> SigningKey:
    """An EC P-256 key with a certificate of its own making, as PKCS#12."""
    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Cégep du Piékouagami")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    kept = pkcs12.serialize_key_and_certificates(None, key, certificate, None, serialization.NoEncryption())
    return SigningKey(pkcs12=SecretStr(b64encode(kept).decode()))


def main() -> None:
    """Everything, or what is named: ``speed``, ``memory``, ``signing``."""
    asked = set(sys.argv[1:])
    for name, run in {"speed": lambda: compare("escouade"), "memory": long_run, "signing": signing}.items():
        if not asked or name in asked:
            run()


if __name__ == "__main__":
    main()
