"""Accessible PDF from HTML: :func:`write` takes pages and yields the bytes of tagged PDF files.

The engine (WeasyPrint) is imported at the first page, because it takes a second and needs system libraries (Pango,
HarfBuzz-subset): a service without them still runs, and :func:`check_engine` reports what is missing. A page may read
only the files of its design and those passed with it: every other address is refused before any file or network
access. The same page and design give the same bytes: pages are laid out one by one, so that none affects another
(styles and fonts are read once; one ``render()`` of several pages was not measurably faster). Many documents at once
go through ``render_pool.py``. Sources: ISO 14289-1 (PDF/UA-1), SGQRI 008 3.0.
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

from app.platform.documents.document_process import in_document_process
from app.platform.documents.text_boxes import misplaced_text
from app.platform.errors import DomainError, Reason, Unavailable
from app.platform.locations import ROOT

BASE = "https://design.invalid/"
"""The base address of a design's files: a host name that never resolves (RFC 2606)."""

TYPES = {
    ".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf", ".otf": "font/otf", ".css": "text/css",
    ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg",
}  # fmt: skip
"""The media types that a design may contain, by file extension; anything else is refused."""

DESIGNS = ROOT / "certificates"
"""The folder of the designs, one folder for each."""

SHARED_SHEET = "letter.css"
"""The style sheet beside the designs: that of plain documents in letter format, which several of them import."""

REQUIRED_CHARACTERS = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789ÀÂÄÆÇÉÈÊËÎÏÔŒÖÙÛÜŸàâäæçéèêëîïôœöùûüÿ"
    "«»‘’“”–—…·°ªº½¼¾€$%§©®&@+−×÷=/|()[]{}#*.,;:!?'\"-_ĀČĐĒĪŁŃŌŐŘŠŞŪŰŽāčđēīłńōőřšşūűžẼẽễạộữươᵉᵘᐃᓄᒃᑎᑐᑦ"
)
"""The characters that every design's fonts must have: French and its signs, foreign names, Innu and Inuktitut."""
REQUIRED = frozenset(REQUIRED_CHARACTERS)

PEOPLES_CHARACTERS = (
    "\ua789ȢȣąęįǫųĄĘĮǪŲɂɁʔʼʷłŁɬƛəθχšžčʾĸŋ\u0328\u0301\u0300\u0302\u0303\u0304\u0308\u030c\u0313\u0323\u0331\u0332"
    "ᐁᐃᐅᐊᐤᑊᒡᓓᔑᕽᖅᙱᙾᙿ"
)
"""Those of First Peoples' languages: Kanien'kéha, Wendat, Dene, Salish, Cree, Innu, Inuktitut and their neighbours."""

LIBRARIES = {
    "pdf_engine_missing": {"darwin": "pango", "win32": "mingw-w64-ucrt-x86_64-pango", "": "libpangoft2-1.0-0"},
    "pdf_subset_missing": {"darwin": "harfbuzz", "win32": "mingw-w64-ucrt-x86_64-harfbuzz", "": "libharfbuzz-subset0"},
}
"""The package to install, by reason code and platform: Homebrew's name, MSYS2's, else Debian's."""

PDF_UA_METADATA = b"""
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
"""The XMP that declares PDF/UA-1, with the extension schema that PDF/A requires for it."""

_engine = Lock()
"""Held while laying out: Pango's font maps are not thread-safe."""


class PdfUnavailable(Unavailable):
    """The system lacks a library that the engine needs; ``package`` is the one to install (503)."""

    code = "pdf_engine"


class PdfOverflow(DomainError):
    """The document does not take the number of pages that it must (500: an error of the design)."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "pdf_overflow"


class PdfTextOverflow(DomainError):
    """A ``text`` leaves its frame, or lies over another (500: the texts are measured before, so the design errs)."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "pdf_text_overflow"


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file embedded in a document; ``made_at`` is its date there, so that the bytes are reproducible."""

    content: bytes
    description: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A document to lay out: its HTML, and the ``files`` generated for it (a QR code), by name.

    ``pages`` is the number of pages that it must take, any if ``None``; ``attached`` are files to embed, by name.
    """

    html: str
    files: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    attached: Mapping[str, AttachedFile] = field(default_factory=lambda: MappingProxyType({}))
    pages: int | None = 1

    @property
    def identifier(self) -> bytes:
        """The document's identifier: sixteen bytes derived from its content."""
        digest = sha256(self.html.encode())
        for name in sorted(self.files):
            digest.update(name.encode() + self.files[name])
        for name in sorted(self.attached):
            digest.update(name.encode() + self.attached[name].content)
        return digest.digest()[:16]


def write(pages: Iterable[Page], design: Path) -> Iterator[bytes]:
    """Yield each page as a tagged PDF (PDF/UA-1), laid out with the ``style.css`` and the fonts of a design's folder.

    Raise :class:`PdfUnavailable` when the system lacks the engine's libraries, :class:`PdfOverflow` when the layout
    takes another number of pages, :class:`PdfTextOverflow` when a text leaves its frame, ``PermissionError`` when a
    page or its style refers to a file that is not allowed.
    """
    _require_engine()
    for page in pages:
        with _engine:
            content = _write(page, design)
        yield content


def check_engine() -> list[Reason]:
    """Return what the system lacks to write PDFs (``pdf_engine_missing``), or write fast (``pdf_subset_missing``)."""
    return [Reason(code, {"package": LIBRARIES[code].get(sys.platform, LIBRARIES[code][""])}) for code in _missing()]


@cache
def _missing() -> tuple[str, ...]:
    """Return the codes of what is missing, cached: an import that failed fails with another error the second time."""
    try:
        with redirect_stdout(StringIO()), warnings.catch_warnings():
            # The engine's own prints and warnings are replaced by reasons that name the package.
            warnings.simplefilter("ignore", DeprecationWarning)
            from weasyprint.text import ffi  # noqa: PLC0415 - a second, and system libraries
    except OSError:
        return ("pdf_engine_missing",)
    return () if ffi.harfbuzz_subset else ("pdf_subset_missing",)


def check(page: Page, design: Path) -> None:
    """Lay a page out without writing a file; raise as :func:`write` does."""
    _require_engine()
    with _engine:
        _lay_out(page, design, design_files(design, page.files))


def _require_engine() -> None:
    """Raise :class:`PdfUnavailable` when the system lacks the engine's libraries."""
    if missing := [reason for reason in check_engine() if reason.code == "pdf_engine_missing"]:
        raise PdfUnavailable(None, *missing, **missing[0].params)


def _lay_out(page: Page, design: Path, files: Any) -> Any:  # noqa: ANN401 - the engine is not typed
    """Return the page laid out: on as many pages as it must take, every text in its place."""
    from weasyprint import HTML  # noqa: PLC0415

    fonts, style = _style(design)
    html = HTML(string=page.html, base_url=BASE, url_fetcher=files)
    # Each document has its own image cache: the engine's would keep every QR code ever drawn.
    laid_out = html.render(font_config=fonts, stylesheets=[style], cache={}, presentational_hints=False)
    _check_all_allowed(files)
    if page.pages is not None and len(laid_out.pages) != page.pages:
        raise PdfOverflow(pages=len(laid_out.pages), expected=page.pages)
    if (text := misplaced_text(laid_out.pages)) is not None:
        raise PdfTextOverflow(text=text)
    return laid_out


def _write(page: Page, design: Path) -> bytes:
    from weasyprint import Attachment  # noqa: PLC0415

    files = design_files(design, page.files)
    laid_out = _lay_out(page, design, files)
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
        content: bytes = laid_out.write_pdf(
            pdf_variant="pdf/a-3a", pdf_tags=True, pdf_identifier=page.identifier, cache={}
        )
    _check_all_allowed(files)
    return declare_pdf_ua(content)


def declare_pdf_ua(content: bytes) -> bytes:
    """Return the file, declared PDF/UA-1 as well: the engine declares one variant only, the file conforms to both.

    The identification and the schema that PDF/A requires for it (ISO 14289-1, 5; ISO 19005-3, 6.6.2.3) are added to
    the existing ``rdf:RDF``: validators do not read a second one.
    """
    import pikepdf  # noqa: PLC0415 - costly to import, and needed only by processes that render

    with pikepdf.open(BytesIO(content)) as document:
        metadata = document.Root.Metadata
        packet = metadata.read_bytes()
        if packet.count(b"</rdf:RDF>") != 1:
            raise RuntimeError("the engine wrote metadata of an unexpected form")
        metadata.write(packet.replace(b"</rdf:RDF>", PDF_UA_METADATA + b"</rdf:RDF>"))
        out = BytesIO()
        document.save(out, deterministic_id=True)
    return out.getvalue()


def _check_all_allowed(files: Any) -> None:  # noqa: ANN401
    """Raise ``PermissionError`` when a file was refused: the engine would leave it out of the document."""
    if files.refused:
        raise PermissionError(files.refused[0])


@cache
def _style(design: Path) -> tuple[Any, Any]:
    """Return a design's font configuration and parsed style sheet, cached: parsing is the costly part."""
    from weasyprint import CSS  # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

    fonts, files = FontConfiguration(), design_files(design, {})
    sheet = (design / "style.css").read_text(encoding="utf-8")
    style = CSS(string=sheet, base_url=BASE, url_fetcher=files, font_config=fonts)
    _check_all_allowed(files)
    atexit.register(_style.cache_clear)  # so that the engine can still remove its temporary font files
    return fonts, style


def clear_style_cache() -> None:
    """Clear the cached styles and fonts, for the preview of a design that is being written."""
    _style.cache_clear()
    _coverage.cache_clear()


def design_files(design: Path, page_files: Mapping[str, bytes]) -> Any:  # noqa: ANN401 - the engine is not typed
    """Return the engine's URL fetcher, which reads the design's files and those of the page, and nothing else."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415

    class DesignFiles(URLFetcher):  # type: ignore[misc]
        """A URL fetcher that refuses every address but those of allowed files, and lists those refused."""

        refused: list[str] = []  # noqa: RUF012 - the class is created at each call

        def fetch(self, url: str, headers: object = None) -> Any:  # noqa: ANN401
            """Return a file's response; raise ``PermissionError`` for an address that is not allowed."""
            try:
                content, kind = read_allowed(url, design, page_files)
            except PermissionError:
                self.refused.append(url)
                raise
            return URLFetcherResponse(url, content, {"Content-Type": kind})

    return DesignFiles(allowed_protocols=(), allow_redirects=False)


def read_allowed(url: str, design: Path, page_files: Mapping[str, bytes]) -> tuple[bytes, str]:
    """Return the content and media type of an address; raise ``PermissionError`` when the design may not read it."""
    name = unquote(urlsplit(url).path).lstrip("/")
    kind = TYPES.get(Path(name).suffix)
    if url != BASE + name or kind is None:
        raise PermissionError(url)
    if name in page_files:
        return page_files[name], kind
    inside = name.removeprefix("fonts/")
    folder = design.parent if name == SHARED_SHEET else design if inside == name else fonts_of(design)
    root = folder.resolve()
    path = (root / inside).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise PermissionError(url)
    return path.read_bytes(), kind


# Fonts -------------------------------------------------------------------------------------------


def fonts_of(design: Path) -> Path:
    """Return the folder of a design's font files: its own, else the one that all designs share."""
    own = design / "fonts"
    return own if own.is_dir() else design.parent / "fonts"


NAMES_FONT = "noto-serif-names-*.woff2"
"""In ``fonts/fallback/``: every Latin letter and the accents that combine, for the names of all peoples in one font."""


@cache
def _coverage(design: Path) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    return in_document_process(_read_coverage, design)


def _read_coverage(design: Path) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    """Return the code points that all text faces have, those of the font for names, and of any other fallback font.

    A face may be split into several files (``fonts/*.woff2``: Latin, its extensions, Vietnamese); a font counts for
    what all its weights have.
    """
    fonts = fonts_of(design)
    names = sorted((fonts / "fallback").glob(NAMES_FONT))
    others = set((fonts / "fallback").glob("*.woff2")) - set(names)
    return _shared(fonts.glob("*.woff2")), _shared(names), _shared(others)


def _shared(files: Iterable[Path]) -> frozenset[int]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - only where text is checked

    faces: dict[tuple[str, int], set[int]] = {}
    for path in files:
        with TTFont(path) as font:
            family = font["name"].getDebugName(16) or font["name"].getDebugName(1)
            faces.setdefault((family, font["OS/2"].usWeightClass), set()).update(font.getBestCmap())
    return frozenset.intersection(*map(frozenset, faces.values())) if faces else frozenset()


def missing_glyphs(design: Path, text: str) -> set[str]:
    """Return the characters of a text that the design's fonts lack: another font would silently replace them."""
    return _lacking(design, unicodedata.normalize("NFC", text))


def _lacking(design: Path, characters: str) -> set[str]:
    fonts = _coverage(design)
    return {c for c in characters if not c.isspace() and not any(ord(c) in font for font in fonts)}


def in_names_font(design: Path, text: str) -> bool:
    """Return whether a text is drawn whole in the font for names: the text faces lack a letter of it, or an accent.

    An accent that combines would come from another file than its letter, and stand beside it.
    """
    drawn = {c for c in unicodedata.normalize("NFC", text) if not c.isspace()} - REQUIRED
    if not drawn:
        return False
    shared, names, _ = _coverage(design)
    return any(ord(c) in names and (ord(c) not in shared or unicodedata.combining(c)) for c in drawn)


def unprintable(text: str) -> set[str]:
    """Return the characters of a text that some design cannot print; known without fonts for ordinary letters."""
    if all(c in REQUIRED or c.isspace() for c in unicodedata.normalize("NFC", text)):
        return set()
    designs = (path.parent for path in sorted(DESIGNS.glob("*/design.yaml")))
    return set().union(*(missing_glyphs(design, text) for design in designs))


def check_fonts(designs: Path = DESIGNS) -> list[Reason]:
    """Return the designs whose fonts lack a required character (``pdf_font_glyphs``)."""
    folders = sorted(path.parent for path in designs.glob("*/design.yaml"))
    lacking = {folder.name: _lacking(folder, REQUIRED_CHARACTERS + PEOPLES_CHARACTERS) for folder in folders}
    return [
        Reason("pdf_font_glyphs", {"design": name, "characters": " ".join(sorted(characters))})
        for name, characters in lacking.items()
        if characters
    ]
