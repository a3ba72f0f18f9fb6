"""Certificates per second: rendered one by one without caches, and by the render pool, alternately, as ratios.

The baseline is ``HTML(string=…).write_pdf()`` per certificate, giving the same conformant file: its style sheet and
fonts are read each time, and its QR code is an SVG. Turns are interleaved, and ratios are taken within a turn, so that
the load of the machine affects both. Signing is measured separately.
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

from app.certificates.documents.designs import design_folder
from app.certificates.documents.layout import Draft, open_render_pool, render_document, render_html
from app.certificates.schemas import CertificateRecord
from app.platform.documents import pdf
from app.platform.documents.pades import SigningKey, sign
from app.platform.documents.render_pool import RenderFailure, RenderPool
from app.platform.locations import ROOT

TURNS = 5
CERTIFICATES = 24
"""Certificates per turn and per process."""
LONG_RUN = 1000
MEASURED_AT = (1, 100, 200, 400, 600, 800, 1000)


def records(design: str = "escouade") -> Iterator[Draft]:
    """Yield certificates endlessly, each with its own number, code and name."""
    sample = CertificateRecord.model_validate_json((ROOT / "certificates" / design / "sample.json").read_text("utf-8"))
    for number in range(1, sys.maxsize):
        code = f"{number * 0x9E3779B97F4A7C15 % 2**128:032x}"
        own = {"number": f"PIE-2026-{number:04}", "code": code, "verify_url": sample.verify_url[:-32] + code}
        yield Draft(sample.model_copy(update={**own, "holder": f"{sample.holder} {number}"}))


def naive(draft: Draft) -> bytes:
    """Return the same file as the render pool, without any cache."""
    from weasyprint import CSS, HTML  # noqa: PLC0415 - only where it is measured

    drawing = BytesIO()
    segno.make(draft.record.verify_url, error="m", micro=False).save(drawing, kind="svg", border=0, svgns=True)
    design = design_folder(draft.record.design)
    files = pdf.design_files(design, {"qr.svg": drawing.getvalue()})
    style = CSS(string=(design / "style.css").read_text("utf-8"), base_url=pdf.BASE, url_fetcher=files)
    content = HTML(
        string=render_html(draft.record).replace("qr.png", "qr.svg"), base_url=pdf.BASE, url_fetcher=files
    ).write_pdf(stylesheets=[style], pdf_variant="pdf/a-3a", pdf_tags=True)
    return pdf.declare_pdf_ua(content)


def one_by_one(drafts: Iterable[Draft]) -> None:
    """Render in a loop in one process."""
    for draft in drafts:
        naive(draft)


def with_pool(pool: RenderPool[Draft], drafts: Iterable[Draft]) -> None:
    """Render in a pool; a certificate that fails ends the benchmark."""
    for result in pool.map(drafts):
        if isinstance(result, RenderFailure):
            raise SystemExit(str(result))


def per_second(make: Callable[[list[Draft]], None], drafts: list[Draft]) -> float:
    """Return the number of certificates per second of wall-clock time."""
    start = time.perf_counter()
    make(drafts)
    return len(drafts) / (time.perf_counter() - start)


def compare(design: str) -> None:
    """Compare the baseline, a pool of one process and a pool of two, alternately."""
    stock = records(design)
    with open_render_pool({}, 1) as one, open_render_pool({}, 2) as two:
        ways: dict[str, Callable[[list[Draft]], None]] = {
            "naive": one_by_one,
            "pool, 1 process": lambda drafts: with_pool(one, drafts),
            "pool, 2 processes": lambda drafts: with_pool(two, drafts),
        }
        speeds_of: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(TURNS + 1):
            for name, make in ways.items():
                speed = per_second(make, list(islice(stock, CERTIFICATES if turn else 4)))
                speeds_of[name] += [speed] if turn else []  # the first turn warms up
    table = Table("way", "certificates / s", "× naive", "turn by turn", title=f"design {design}")
    for name, speeds in speeds_of.items():
        ratios = [speed / first for speed, first in zip(speeds, speeds_of["naive"], strict=True)]
        turns = " ".join(f"{ratio:.2f}" for ratio in ratios)
        table.add_row(name, f"{statistics.median(speeds):.1f}", f"{statistics.median(ratios):.2f}", turns)
    Console(width=110).print(table)


def long_run() -> None:
    """Measure the memory of one process over a thousand certificates: resident, and at its peak."""
    table = Table("certificates", "MB held", "MB at the peak", title=f"memory of one process, {LONG_RUN} certificates")
    with open_render_pool({}, 1) as pool:
        results = pool.map(islice(records(), LONG_RUN))
        for number, result in enumerate(results, start=1):
            if isinstance(result, RenderFailure):
                raise SystemExit(str(result))
            if number in MEASURED_AT[:-1] or number == LONG_RUN - 1:  # after the last, the process has ended
                [process] = active_children()
                table.add_row(str(number), *(f"{size:.0f}" for size in _memory(process.pid or 0)))
    Console(width=110).print(table)


def _memory(pid: int) -> tuple[float, float]:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    held, peak = (int(sizes[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return held, peak


def signing() -> None:
    """Measure how long signing one certificate takes, the key already loaded."""
    key, content = generated_key(), render_document(next(records()))
    times = []
    for _ in range(20):
        start = time.perf_counter()
        sign(content, key, "Cégep du Piékouagami")
        times.append((time.perf_counter() - start) * 1000)
    Console().print(f"signing, EC P-256: {statistics.median(times):.0f} ms")


def generated_key() -> SigningKey:
    """Return a new EC P-256 key with a self-signed certificate, as PKCS#12."""
    key, today = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Cégep du Piékouagami")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    content = pkcs12.serialize_key_and_certificates(None, key, certificate, None, serialization.NoEncryption())
    return SigningKey(pkcs12=SecretStr(b64encode(content).decode()))


def main() -> None:
    """Run the benchmarks named as arguments (``speed``, ``memory``, ``signing``), or all of them."""
    selected = set(sys.argv[1:])
    for name, run in {"speed": lambda: compare("escouade"), "memory": long_run, "signing": signing}.items():
        if not selected or name in selected:
            run()


if __name__ == "__main__":
    main()
