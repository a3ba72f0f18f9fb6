"""PDF from HTML: one entrance, frozen pages in, the bytes of tagged files out.

The engine (WeasyPrint) is imported at the first page, because it takes a second and needs system
libraries (Pango, HarfBuzz-subset): a service without them still runs, and says what it lacks
(:func:`check_engine`, used by ``escouade doctor``). A page reaches nothing but the files of its design
and what is handed over with it: every other address is refused before any file or network is touched.
The same page and design give the same bytes: pages are laid out one by one (with styles and fonts read once, laying
out several in one ``render()`` gained nothing that could be measured), so that no neighbour can change one. Many at
once go through ``render_pool.py``. Sources: ISO 14289-1 (PDF/UA-1), SGQRI 008 3.0.
"""

import atexit
import sys
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO, StringIO
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

import pikepdf

from app.platform.errors import DomainError, Reason, Unavailable
from app.platform.locations import ROOT

BASE = "https://design.invalid/"
"""Where a design's files seem to be: a name that no network resolves (RFC 2606)."""

TYPES = {
    ".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf", ".otf": "font/otf", ".css": "text/css",
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
}  # fmt: skip
"""What a design may hold for its pages, by ending; anything else is refused."""

DESIGNS = ROOT / "certificates"
"""One folder per design."""

REQUIRED = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789ÀÂÄÆÇÉÈÊËÎÏÔŒÖÙÛÜŸàâäæçéèêëîïôœöùûüÿ"
    "«»‘’“”–—…·°ªº½¼¾€$%§©®&@+−×÷=/|()[]{}#*.,;:!?'\"-_ĀČĐĒĪŁŃŌŐŘŠŞŪŰŽāčđēīłńōőřšşūűžẼẽễạộữươᵉᵘᐃᓄᒃᑎᑐᑦ"
)
"""What every design draws: French with its signs, names from elsewhere, Innu and Inuktitut."""

LIBRARIES = {
    "pdf_engine_missing": {"darwin": "pango", "win32": "mingw-w64-ucrt-x86_64-pango", "": "libpangoft2-1.0-0"},
    "pdf_subset_missing": {"darwin": "harfbuzz", "win32": "mingw-w64-ucrt-x86_64-harfbuzz", "": "libharfbuzz-subset0"},
}
"""The package to install, by what is missing and by system: Homebrew, MSYS2, else Debian's name."""

UNIVERSAL = b"""
<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="">
  <pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
  xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"
  rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
  <pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
  <pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
  <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
  <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
  <pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
  <pdfaProperty:category>internal</pdfaProperty:category>
  <pdfaProperty:description>Part of ISO 14289</pdfaProperty:description>
  </rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""
"""What makes a file say that it is PDF/UA-1, and tells PDF/A readers what that means."""

_engine = Lock()
"""Pango's font maps are not made for several threads at once."""


class PdfUnavailable(Unavailable):
    """The system lacks a library that the engine needs; ``package`` names it (503)."""

    code = "pdf_engine"


class PdfOverflow(DomainError):
    """What was to be laid out does not fit on the pages it was given (500: the design is at fault)."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "pdf_overflow"


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside a document; ``made_at`` is told there, so that the same file gives the same bytes."""

    content: bytes
    description: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A document to lay out: its HTML, and the files made for it alone (a QR code), by name.

    ``pages`` is how many pages it must take; ``attached`` are files to put inside, by name.
    """

    html: str
    files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    attached: Mapping[str, Attached] = field(default_factory=lambda: MappingProxyType({}))
    pages: int = 1

    @property
    def identifier(self) -> bytes:
        """Sixteen bytes that depend on nothing but the content."""
        digest = sha256(self.html.encode())
        for name in sorted(self.files):
            digest.update(name.encode() + self.files[name])
        for name in sorted(self.attached):
            digest.update(name.encode() + self.attached[name].content)
        return digest.digest()[:16]


def write(pages: Iterable[Page], design: Path) -> Iterator[bytes]:
    """Each page as a tagged PDF (PDF/UA-1) in the design of a folder: its ``style.css`` and its fonts.

    Raises :class:`PdfUnavailable` when the system lacks the engine's libraries, :class:`PdfOverflow` when
    the layout takes another number of pages, ``PermissionError`` when a page or its style asks for anything
    but the design's files.
    """
    if missing := [reason for reason in check_engine() if reason.code == "pdf_engine_missing"]:
        raise PdfUnavailable(None, *missing, **missing[0].params)
    for page in pages:
        with _engine:
            written = _write(page, design)
        yield written


def check_engine() -> list[Reason]:
    """What the system lacks to write PDFs (``pdf_engine_missing``) or to write them fast (``pdf_subset_missing``)."""
    return [Reason(code, {"package": LIBRARIES[code].get(sys.platform, LIBRARIES[code][""])}) for code in _missing()]


@cache
def _missing() -> tuple[str, ...]:
    """Asked once: an import that failed halfway fails otherwise the second time."""
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            # The engine prints and warns in its own words; ours name the package.
            warnings.simplefilter("ignore", DeprecationWarning)
            from weasyprint.text import ffi  # noqa: PLC0415 - a second, and system libraries
    except OSError:
        return ("pdf_engine_missing",)
    return () if ffi.harfbuzz_subset else ("pdf_subset_missing",)


def _write(page: Page, design: Path) -> bytes:
    from weasyprint import HTML, Attachment  # noqa: PLC0415

    fonts, style = _style(design)
    files = design_files(design, page.files)
    html = HTML(string=page.html, base_url=BASE, url_fetcher=files)
    # An image cache of its own: the engine's would keep every QR code that was ever drawn.
    laid_out = html.render(font_config=fonts, stylesheets=[style], cache={}, presentational_hints=False)
    _refuse_if_any(files)
    if len(laid_out.pages) != page.pages:
        raise PdfOverflow(pages=len(laid_out.pages), expected=page.pages)
    laid_out.metadata.attachments += [
        Attachment(
            string=a.content,
            name=name,
            description=a.description,
            created=a.made_at,
            modified=a.made_at,
            relationship="Source",
        )
        for name, a in page.attached.items()
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the engine leaves its colour profile open until collected
        written: bytes = laid_out.write_pdf(
            pdf_variant="pdf/a-3a", pdf_tags=True, pdf_identifier=page.identifier, cache={}
        )
    _refuse_if_any(files)
    return declare_universal(written)


def declare_universal(written: bytes) -> bytes:
    """The same file, declared PDF/UA-1 too: the engine knows one variant at a time, the file keeps to both.

    The identification and the schema that PDF/A asks for it (ISO 14289-1, 5; ISO 19005-3, 6.6.2.3) go into
    the metadata's own ``rdf:RDF``: validators do not read a second one.
    """
    with pikepdf.open(BytesIO(written)) as document:
        metadata = document.Root.Metadata
        packet = metadata.read_bytes()
        if packet.count(b"</rdf:RDF>") != 1:
            raise RuntimeError("the engine wrote other metadata than was known")
        metadata.write(packet.replace(b"</rdf:RDF>", UNIVERSAL + b"</rdf:RDF>"))
        out = BytesIO()
        document.save(out, deterministic_id=True)
    return out.getvalue()


def _refuse_if_any(files: Any) -> None:  # noqa: ANN401
    """The engine goes on without what it could not read, drawings above all: a document must be whole."""
    if files.refused:
        raise PermissionError(files.refused[0])


@cache
def _style(design: Path) -> tuple[Any, Any]:
    """A design's fonts and parsed style: the costly part, read once."""
    from weasyprint import CSS  # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    fonts, files = FontConfiguration(), design_files(design, {})
    sheet = (design / "style.css").read_text(encoding="utf-8")
    style = CSS(string=sheet, base_url=BASE, url_fetcher=files, font_config=fonts)
    _refuse_if_any(files)
    atexit.register(_style.cache_clear)  # the engine's temporary font files go while it still can remove them
    return fonts, style


def forget_styles() -> None:
    """Read styles and fonts again: a design is being written."""
    _style.cache_clear()
    _coverage.cache_clear()


def design_files(design: Path, given: Mapping[str, bytes]) -> Any:  # noqa: ANN401 - the engine is not typed
    """What the engine may read: the design's files and those given with the page, nothing else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class DesignFiles(URLFetcher):  # type: ignore[misc]
        """Refuses every address but those below ``BASE``, and remembers what it refused."""

        refused: list[str] = []  # noqa: RUF012 - the class is made anew each time

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ANN401
            """A file's bytes; ``PermissionError`` for anything else."""
            try:
                content, kind = allowed(url, design, given)
            except PermissionError:
                self.refused.append(url)
                raise
            return URLFetcherResponse(url, content, {"Content-Type": kind})

    return DesignFiles(allowed_protocols=(), allow_redirects=False)


def allowed(url: str, design: Path, given: Mapping[str, bytes]) -> tuple[bytes, str]:
    """The content and media type behind an address that a page of this design may ask for."""
    name = unquote(urlsplit(url).path).lstrip("/")
    kind = TYPES.get(Path(name).suffix)
    if url != BASE + name or kind is None:
        raise PermissionError(url)
    if name in given:
        return given[name], kind
    inside = name.removeprefix("fonts/")
    root = (design if inside == name else fonts_of(design)).resolve()
    path = (root / inside).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise PermissionError(url)
    return path.read_bytes(), kind


# Fonts -------------------------------------------------------------------------------------------


def fonts_of(design: Path) -> Path:
    """Where a design's font files are: its own folder, else the one that all designs share."""
    own = design / "fonts"
    return own if own.is_dir() else design.parent / "fonts"


@cache
def _coverage(design: Path) -> tuple[frozenset[int], frozenset[int]]:
    """Code points that all text faces have, and those that every weight of the fallback font has.

    A face may be cut into several files (``fonts/*.woff2``: Latin, its extensions, Vietnamese); what
    stands in for a missing glyph is in ``fonts/fallback/``.
    """
    fonts = fonts_of(design)
    return _shared(fonts.glob("*.woff2")), _shared((fonts / "fallback").glob("*.woff2"))


def _shared(files: Iterable[Path]) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415 - only where text is checked

    faces: dict[tuple[str, int], set[int]] = {}
    for path in files:
        with TTFont(path) as font:
            family = font["name"].getDebugName(16) or font["name"].getDebugName(1)
            faces.setdefault((family, font["OS/2"].usWeightClass), set()).update(font.getBestCmap())
    return frozenset.intersection(*map(frozenset, faces.values())) if faces else frozenset()


def missing_glyphs(design: Path, text: str) -> set[str]:
    """Characters of a text that the design's fonts cannot draw: another font would silently replace them."""
    shared, fallback = _coverage(design)
    drawn = {c for c in unicodedata.normalize("NFC", text) if not c.isspace()}
    return {c for c in drawn if ord(c) not in shared and ord(c) not in fallback}


def check_fonts(designs: Path = DESIGNS) -> list[Reason]:
    """The designs whose fonts lack a character that names and titles need (``pdf_font_glyphs``)."""
    folders = sorted(path.parent for path in designs.glob("*/design.yaml"))
    lacking = {folder.name: missing_glyphs(folder, REQUIRED) for folder in folders}
    return [
        Reason("pdf_font_glyphs", {"design": name, "characters": " ".join(sorted(characters))})
        for name, characters in lacking.items()
        if characters
    ]
