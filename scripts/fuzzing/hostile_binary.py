"""Generates hostile PDFs and Office files for `fuzzing.hostile`."""

from __future__ import annotations

import io
import random
import zipfile
import zlib
from collections.abc import Iterator

Made = Iterator[tuple[str, bytes]]
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_SLIDES_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def binary_files(scale: int) -> Made:
    """Names and bytes of all files."""
    yield from _pdfs(scale)
    yield from _packages("docx", "word/document.xml", _WORD_TYPE, scale)
    yield from _packages("pptx", "ppt/presentation.xml", _SLIDES_TYPE, scale)
    yield from _word(scale)


def _pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, table))


def _stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d %s>>\nstream\n" % (len(data), extra) + data + b"\nendstream"


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
_FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]"
_TEXT = b"BT /F 12 Tf 72 700 Td (The harbour is deep.) Tj ET"


def _page(resources: bytes = b"", box: bytes = b"0 0 612 792") -> bytes:
    return b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>%s>>>>" % (
        box,
        resources,
    )


def _pdfs(scale: int) -> Made:
    good = _pdf(_CATALOG, _PAGES, _page(), _stream(_TEXT), _FONT)
    yield "p-truncated.pdf", good[: len(good) // 2]
    yield "p-headless.pdf", good[9:]
    yield "p-only-head.pdf", b"%PDF-1.7\n"
    yield "p-reference.pdf", good.replace(b"startxref\n", b"startxref\n9999999999999")
    yield "p-loop.pdf", _pdf(_CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>")
    yield "p-count.pdf", _pdf(_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 2147483647>>", _page(), _stream(_TEXT), _FONT)
    yield "p-minus.pdf", _pdf(_CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count -1>>", _page(), _stream(_TEXT), _FONT)
    yield "p-box.pdf", _pdf(_CATALOG, _PAGES, _page(box=b"0 0 1e38 -1e38"), _stream(_TEXT), _FONT)
    yield "p-itself.pdf", _pdf(_CATALOG, _PAGES, _page(b"/XObject<</X 6 0 R>>"), _stream(b"/X Do"), _FONT,
                               _stream(b"/X Do", _FORM + b"/Resources<</XObject<</X 6 0 R>>>>"))  # fmt: skip
    multiplied = [
        _stream(b"/X Do " * 10, _FORM + b"/Resources<</XObject<</X %d 0 R>>>>" % (n + 1)) for n in range(6, 9 + scale)
    ]
    last = _stream(_TEXT, _FORM + b"/Resources<</Font<</F 5 0 R>>>>")
    first = (_CATALOG, _PAGES, _page(b"/XObject<</X 6 0 R>>"), _stream(b"/X Do"), _FONT)
    yield "p-multiplied.pdf", _pdf(*first, *multiplied, last)
    bomb = zlib.compress(b" " * 30_000_000 * scale, 9)
    yield "p-bomb.pdf", _pdf(_CATALOG, _PAGES, _page(), _stream(bomb, b"/Filter/FlateDecode"), _FONT)
    yield "p-nested.pdf", _pdf(_CATALOG, _PAGES, _page(), _stream(b"q " * 20_000 * scale + _TEXT), _FONT)
    yield "p-arrays.pdf", _pdf(_CATALOG, _PAGES, _page(), _stream(b"[" * 20_000 * scale + _TEXT), _FONT)
    yield "p-operands.pdf", _pdf(_CATALOG, _PAGES, _page(), _stream(b"9" * 5_000 + b" Tf " + _TEXT), _FONT)
    yield (
        "p-texts.pdf",
        _pdf(_CATALOG, _PAGES, _page(), _stream(_TEXT.replace(b"Tj", b"Tj (x) Tj" * 5_000 * scale)), _FONT),
    )
    yield "p-length.pdf", good.replace(b"/Length 54", b"/Length 99999999999")
    yield (
        "p-encrypted.pdf",
        _pdf(_CATALOG, _PAGES, _page(), _stream(_TEXT), _FONT, trailer=b"/Root 1 0 R/Encrypt 5 0 R"),
    )
    yield (
        "p-filters.pdf",
        _pdf(_CATALOG, _PAGES, _page(), _stream(_TEXT, b"/Filter[" + b"/FlateDecode" * 500 + b"]"), _FONT),
    )
    yield "p-empty.pdf", _pdf(_CATALOG, b"<</Type/Pages/Kids[]/Count 0>>")
    for number in range(5):
        chance, data = random.Random(number), bytearray(good)  # noqa: S311
        for _ in range(10):
            data[chance.randrange(9, len(data))] = chance.randrange(256)
        yield f"p-flipped-{number}.pdf", bytes(data)


def _package(parts: dict[str, bytes], kind: str, main: str) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/{main}" ContentType="{kind}"/></Types>',
        )
        package.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{_RELATION}" Target="{main}"/></Relationships>',
        )
        for name, data in parts.items():
            package.writestr(name, data)
    return memory.getvalue()


def _packages(suffix: str, main: str, kind: str, scale: int) -> Made:
    """Office files with faults in the package, independent of the format."""
    folder = main.partition("/")[0]
    root = f"<x {_W}>"
    whole = _package({main: f"{root}</x>".encode()}, kind, main)
    yield f"{suffix}-root.{suffix}", whole
    yield f"{suffix}-truncated.{suffix}", whole[: len(whole) // 2]
    yield f"{suffix}-no-end.{suffix}", whole[:-22]
    yield f"{suffix}-tail.{suffix}", whole + b"x" * 70_000
    yield f"{suffix}-missing.{suffix}", _package({f"{folder}/other.xml": b"<x/>"}, kind, main)
    yield f"{suffix}-empty.{suffix}", _package({main: b""}, kind, main)
    yield f"{suffix}-no-xml.{suffix}", _package({main: b"\0\xff<"}, kind, main)
    if scale > 1:
        yield f"{suffix}-bomb.{suffix}", _package({main: b" " * (410 << 20)}, kind, main)
    yield f"{suffix}-spaces.{suffix}", _package({main: b"<x>" + b" " * 10_000_000 * scale + b"</x>"}, kind, main)
    yield (
        f"{suffix}-parts.{suffix}",
        _package({main: b"<x/>", **{f"{folder}/{n}": b"" for n in range(20_001)}}, kind, main),
    )
    yield f"{suffix}-deep.{suffix}", _package({main: root.encode() + b"<x>" * 50_000 * scale}, kind, main)
    yield f"{suffix}-laughs.{suffix}", _package({main: (LAUGHS + f"{root}&a9;</x>").encode()}, kind, main)
    yield f"{suffix}-outside.{suffix}", _package({main: (OUTSIDE + f"{root}&a;</x>").encode()}, kind, main)
    yield f"{suffix}-climbs.{suffix}", _package({main: b"<x/>", f"{folder}/../../../../tmp/climbed": b"x"}, kind, main)
    lied = bytearray(whole)
    central = lied.rindex(b"PK\x01\x02")
    lied[central + 24 : central + 28] = (10).to_bytes(4, "little")  # its unpacked size
    yield f"{suffix}-lies.{suffix}", bytes(lied)
    flags = bytearray(whole)
    flags[central + 8] |= 1
    yield f"{suffix}-encrypted.{suffix}", bytes(flags)


def _word(scale: int) -> Made:
    def document(body: str) -> bytes:
        return _package({"word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>".encode()},
                        _WORD_TYPE, "word/document.xml")  # fmt: skip

    text = "<w:p><w:r><w:t>The harbour is deep.</w:t></w:r></w:p>"
    yield "w-tables.docx", document("<w:tbl><w:tr><w:tc>" * 100 + text + "</w:tc></w:tr></w:tbl>" * 100)
    yield "w-runs.docx", document("<w:p>" + "<w:r><w:t>a </w:t></w:r>" * 5_000 * scale + "</w:p>")
    yield "w-paragraphs.docx", document(text * 1_000 * scale)
    number = '<w:pPr><w:numPr><w:ilvl w:val="99999999999"/><w:numId w:val="-1"/></w:numPr></w:pPr>'
    yield "w-numbers.docx", document(text.replace("<w:p>", f"<w:p>{number}") * 20)
    span = '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="99999999"/></w:tcPr>'
    yield "w-span.docx", document(f"{span}{text}</w:tc></w:tr></w:tbl>")
    yield "w-style.docx", document(text.replace("<w:p>", '<w:p><w:pPr><w:pStyle w:val="no such"/></w:pPr>'))
