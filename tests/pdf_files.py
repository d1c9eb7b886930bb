"""Writes small PDF files for tests: each page has a content stream, with Helvetica as F1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def shown(text: str, x: float, y: float, size: float = 11, more: str = "") -> str:
    """Operators of a content stream that show a text at a place, after the operators in `more`, such as a colour."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"q BT {more} /F1 {size} Tf {x} {y} Td ({escaped}) Tj ET Q"


def pdf(
    *pages: Sequence[str],
    title: str = "",
    fields: Sequence[tuple[str, int, int, int, int]] = (),
    field_kind: str = "/FT /Tx",
    field_picture: str = "",
    letters: Mapping[str, str] | None = None,
    struck: Sequence[tuple[int, int, int, int]] = (),
) -> bytes:
    """A PDF.

    Args:
        pages: The content stream of each page.
        title: The title in the file's metadata.
        fields: Fields on the first page: the value, and the left, lower, right and upper side.
        field_kind: The entry that makes them text fields.
        field_picture: What they show instead of the value.
        letters: What the font says that some of its characters mean.
        struck: The sides of annotations on the first page that strike out text.
    """
    objects: list[bytes] = []

    def add(body: str | bytes) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    meaning = ""
    if letters:
        pairs = "".join(f"<{ord(char):02x}> <{text.encode('utf-16-be').hex()}>\n" for char, text in letters.items())
        table = f"1 begincodespacerange <00> <ff> endcodespacerange\n{len(letters)} beginbfchar\n{pairs}endbfchar"
        meaning = f"/ToUnicode {add(_stream(table.encode()))} 0 R"
    picture = ""
    if field_picture:
        resources = f"/Resources << /Font << /F1 {len(objects) + 2} 0 R >> >>"
        form = f"/Type /XObject /Subtype /Form /BBox [0 0 300 20] {resources} "
        stream = _stream(f"BT /F1 11 Tf 2 4 Td ({field_picture}) Tj ET".encode("latin-1"), form)
        picture = f"/AP << /N {add(stream)} 0 R >>"
    font = add(f"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding {meaning} >>")
    widgets = [
        add(
            f"<< /Type /Annot /Subtype /Widget {field_kind} /T (f{number}) /V ({value}) /F 4 {picture} "
            f"/Rect [{left} {low} {right} {high}] >>"
        )
        for number, (value, left, low, right, high) in enumerate(fields)
    ]
    marks = [
        add(
            f"<< /Type /Annot /Subtype /StrikeOut /F 4 /Rect [{left} {low} {right} {high}] "
            f"/QuadPoints [{left} {high} {right} {high} {left} {low} {right} {low}] >>"
        )
        for left, low, right, high in struck
    ]
    on_first = " ".join(f"{each} 0 R" for each in (*widgets, *marks))
    tree = len(objects) + 1 + 2 * len(pages)
    kids = []
    for number, drawn in enumerate(pages):
        content = add(_stream("\n".join(drawn).encode("cp1252")))
        annotations = f"/Annots [{on_first}]" if on_first and not number else ""
        kids.append(
            add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 595 842] /Contents {content} 0 R {annotations} "
                f"/Resources << /Font << /F1 {font} 0 R >> >> >>"
            )
        )
    add(f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>")
    form = f"/AcroForm << /Fields [{' '.join(f'{each} 0 R' for each in widgets)}] >>" if widgets else ""
    catalog = add(f"<< /Type /Catalog /Pages {tree} 0 R {form} >>")
    return _file(objects, catalog, add(f"<< /Title ({title}) >>"))


def _stream(content: bytes, entries: str = "") -> bytes:
    return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (entries.encode(), len(content), content)


def _file(objects: Sequence[bytes], catalog: int, info: int) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += f"trailer << /Size {len(objects) + 1} /Root {catalog} 0 R /Info {info} 0 R >>\n".encode()
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
