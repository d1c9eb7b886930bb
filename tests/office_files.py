"""Writes small Office files for tests, part by part."""

from __future__ import annotations

import io
import zipfile

_SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:s="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:other="http://example.org/other" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
)
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_STRICT = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/": "http://purl.oclc.org/ooxml/wordprocessingml/",
    "http://schemas.openxmlformats.org/officeDocument/2006/": "http://purl.oclc.org/ooxml/officeDocument/",
    "http://schemas.openxmlformats.org/drawingml/2006/": "http://purl.oclc.org/ooxml/drawingml/",
    "http://schemas.openxmlformats.org/spreadsheetml/2006/": "http://purl.oclc.org/ooxml/spreadsheetml/",
    "http://schemas.openxmlformats.org/presentationml/2006/": "http://purl.oclc.org/ooxml/presentationml/",
}


def element(tag: str, inside: str) -> str:
    """An XML part with a root of this name."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{tag} {_SPACES}>{inside}</{tag}>'


def relations(**targets: str) -> str:
    """A relationships part; each id is `type` or `type_number`, such as `slide_2`."""
    inside = "".join(
        f'<Relationship Id="{name}" Type="{_TYPE}{name.partition("_")[0]}" Target="{target}"/>'
        for name, target in targets.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{inside}</Relationships>'


def package(parts: dict[str, str], *, strict: bool = False) -> bytes:
    """A package of these parts; `strict` gives the names of strict Office Open XML."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in parts.items():
            written.writestr(name, _strict(content) if strict else content)
    return memory.getvalue()


def _strict(content: str) -> str:
    for old, new in _STRICT.items():
        content = content.replace(old, new)
    return content


def docx(body: str, parts: dict[str, str] | None = None, *, strict: bool = False, **targets: str) -> bytes:
    """A Word document.

    Args:
        body: The XML inside `w:body`. parts: The XML of further parts' roots, by their names in "word/". strict:
        Whether to write it as strict Office Open XML. targets: Relationships of the document other than those to
        `styles`, `numbering`, `settings`, `footnotes`, `endnotes`.
    """
    parts = parts or {}
    usual = {name: f"{name}.xml" for name in ("styles", "numbering", "settings", "footnotes", "endnotes", "comments")}
    there = {name: target for name, target in usual.items() if target in parts}
    return package(
        {
            "_rels/.rels": relations(officeDocument="word/document.xml"),
            "word/document.xml": element("w:document", f"<w:body>{body}</w:body>"),
            "word/_rels/document.xml.rels": relations(**there, **targets),
            **{f"word/{name}": content for name, content in parts.items()},
        },
        strict=strict,
    )


def para(*runs: str, properties: str = "") -> str:
    """A paragraph of runs, each either XML or a plain text."""
    inside = "".join(each if each.startswith("<") else run(each) for each in runs)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inside}</w:p>"


def run(text: str, properties: str = "") -> str:
    """A run of text."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def table(*rows: list[str]) -> str:
    """A table of rows of cells, each cell either XML of its blocks or a plain text."""
    cells = ("".join(f"<w:tc>{cell if cell.startswith('<') else para(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def xlsx(
    *sheets: str,
    parts: dict[str, str] | None = None,
    book: str = "",
    names: tuple[str, ...] = ("Prices", "Stock"),
    states: tuple[str, ...] = ("visible", "visible"),
    strict: bool = False,
) -> bytes:
    """A workbook.

    Args:
        sheets: The XML inside `s:worksheet` of each sheet.
        parts: Further parts by their full names; the workbook refers to `xl/sharedStrings.xml` and `xl/styles.xml`.
        book: XML at the beginning of `s:workbook`.
        names: The sheets' names.
        states: Whether they are shown.
        strict: Whether to write it as strict Office Open XML.
    """
    parts = parts or {}
    listed = "".join(
        f'<s:sheet name="{name}" sheetId="{number}" state="{state}" r:id="worksheet_{number}"/>'
        for number, (name, state, _) in enumerate(zip(names, states, sheets, strict=False), 1)
    )
    targets = {f"worksheet_{number}": f"worksheets/sheet{number}.xml" for number in range(1, len(sheets) + 1)}
    targets |= {name: f"{name}.xml" for name in ("sharedStrings", "styles") if f"xl/{name}.xml" in parts}
    return package(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
            "xl/workbook.xml": element("s:workbook", f"{book}<s:sheets>{listed}</s:sheets>"),
            "xl/_rels/workbook.xml.rels": relations(**targets),
            **{
                f"xl/worksheets/sheet{number}.xml": element("s:worksheet", sheet)
                for number, sheet in enumerate(sheets, 1)
            },
            **parts,
        },
        strict=strict,
    )


def cells(*rows: list[object], first: int = 1) -> str:
    """Rows of a sheet: texts, numbers, None for an empty cell, or the XML of a cell."""

    def cell(value: object, place: str) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            written = f'<s:c r="{place}" t="inlineStr"><s:is><s:t>{value}</s:t></s:is></s:c>'
            return value.replace("<s:c ", f'<s:c r="{place}" ', 1) if value.startswith("<") else written
        return f'<s:c r="{place}"><s:v>{value}</s:v></s:c>'

    written = ""
    for number, row in enumerate(rows, first):
        inside = "".join(cell(value, f"{letter}{number}") for letter, value in zip("ABCDEFGH", row, strict=False))
        written += f'<s:row r="{number}">{inside}</s:row>' if row else ""
    return f"<s:sheetData>{written}</s:sheetData>"


def pptx(
    *slides: str, parts: dict[str, str] | None = None, strict: bool = False, notes: str = "", **targets: str
) -> bytes:
    """A presentation.

    Args:
        slides: The XML of the shapes of each slide; the prefix `hidden:` hides the slide, and `raw:` is followed by the
        whole part. parts: Further parts by their full names. strict: Whether to write it as strict Office Open XML.
        notes: The XML of the shapes of the first slide's notes. targets: Further relationships of every slide.
    """
    written = {"_rels/.rels": relations(officeDocument="ppt/presentation.xml")}
    listed = ""
    for number, shapes in enumerate(slides, 1):
        listed += f'<p:sldId id="{255 + number}" r:id="slide_{number}"/>'
        hidden = shapes.startswith("hidden:")
        part = element("p:sld", f"<p:cSld><p:spTree>{shapes.removeprefix('hidden:')}</p:spTree></p:cSld>")
        part = part.replace("<p:sld ", '<p:sld show="0" ') if hidden else part
        written[f"ppt/slides/slide{number}.xml"] = shapes[4:] if shapes.startswith("raw:") else part
        more = {"notesSlide": "../notes1.xml"} if notes and number == 1 else {}
        written[f"ppt/slides/_rels/slide{number}.xml.rels"] = relations(**targets, **more)
    written["ppt/presentation.xml"] = element("p:presentation", f"<p:sldIdLst>{listed}</p:sldIdLst>")
    written["ppt/_rels/presentation.xml.rels"] = relations(
        **{f"slide_{number}": f"slides/slide{number}.xml" for number in range(1, len(slides) + 1)}
    )
    if notes:
        written["ppt/notes1.xml"] = element("p:notes", f"<p:cSld><p:spTree>{notes}</p:spTree></p:cSld>")
    return package(written | (parts or {}), strict=strict)


def shape(*paragraphs: str, at: tuple[int, int] | None = None, placeholder: str = "", more: str = "") -> str:
    """A shape with text; each paragraph is XML of runs or a plain text. `more` is added to its attributes."""
    place = f'<a:xfrm><a:off x="{at[0]}" y="{at[1]}"/><a:ext cx="9" cy="9"/></a:xfrm>' if at else ""
    inside = "".join(
        f"<a:p>{each if each.startswith('<') else f'<a:r><a:t>{each}</a:t></a:r>'}</a:p>" for each in paragraphs
    )
    held = f"<p:ph {placeholder}/>" if placeholder else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="7" name="Shape" {more}/><p:cNvSpPr/><p:nvPr>{held}</p:nvPr></p:nvSpPr>'
        f"<p:spPr>{place}</p:spPr><p:txBody>{inside}</p:txBody></p:sp>"
    )


def frame(graphic: str, at: tuple[int, int] = (0, 0)) -> str:
    """A frame around a table, a chart or a diagram on a slide."""
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="8" name="Frame"/><p:cNvGraphicFramePr/><p:nvPr/>'
        f'</p:nvGraphicFramePr><p:xfrm><a:off x="{at[0]}" y="{at[1]}"/></p:xfrm>'
        f"<a:graphic><a:graphicData>{graphic}</a:graphicData></a:graphic></p:graphicFrame>"
    )
