from __future__ import annotations

import pytest

from qa.errors import UnreadableFile
from qa.reading.sidecar import Details, details_of, parse_sidecar
from qa.text.site import Example, Site


def sidecar(text: str) -> bytes:
    return text.encode()


def test_an_empty_sidecar_says_nothing() -> None:
    assert parse_sidecar(b"").documents == {}


def test_what_stands_there_is_read_by_file() -> None:
    data = sidecar(
        """
        ["report.txt"]
        title = " Annual Report "
        publisher = "Example Foundation"
        author = "A. Writer"
        date = 2023-05-01
        url = "https://example.org/report"

        ["deep/naïve.md"]
        date = "2022"

        ["empty.txt"]
        """,
    )
    assert parse_sidecar(data).documents == {
        "report.txt": Details(
            "Annual Report", "Example Foundation", "A. Writer", "2023-05-01", "https://example.org/report"
        ),
        "deep/naïve.md": Details(date="2022"),
        "empty.txt": Details(),
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[broken", r"sources\.toml: .*; correct it and build again"),
        ('["a.txt"]\nyear = 2022', r"""\["a\.txt"\] has no field 'year'; known are title, publisher"""),
        ('["a.txt"]\ntitle = 7', r'\["a\.txt"\] title = 7 is not text'),
        ('["a.txt"]\ntitle = "  "', "title = .* is not text"),
        ('["a.txt"]\ndate = "last May"', "date = 'last May' is not a date"),
        ('["a.txt"]\ndate = "2022-02-30"', "date = '2022-02-30' is not a date"),
        ('["a.txt"]\ndate = 2022', "date = 2022 is not a date"),
        ('["a.txt"]\ndate = 2022-05-01T10:00:00', "is not a date"),
        ('["a.txt"]\nurl = "javascript:alert(1)"', r"url = 'javascript:alert\(1\)' is not an http or https address"),
        ('["a.txt"]\nurl = "https://"', "is not an http or https address"),
        ('["a.txt"]\nurl = "https://example.org/a b"', "is not an http or https address"),
        ('["a.txt"]\nauthor = "\\u001b\\u202e"', "author = .* is not text"),
        ('title = "Report"', r'write \["title"\] as a table'),
        ("[a.txt]\ntitle = 'Report'", r"\[.a.\] has no field 'txt'"),  # the name of a file needs quotes
    ],
)
def test_a_broken_sidecar_is_refused_with_file_field_and_value(text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse_sidecar(sidecar(text))


def test_a_sidecar_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"sources\.toml"):
        parse_sidecar(b'["a.txt"]\ntitle = "Caf\xe9"')


def test_what_a_file_says_of_itself_is_taken_where_it_can_be() -> None:
    assert details_of({"title": "T", "author": "A", "date": "2022-04", "tags": "x"}) == Details(
        title="T", author="A", date="2022-04"
    )
    assert details_of({"date": "last May"}) == Details()
    assert details_of({"url": "javascript:alert(1)"}) == Details()
    assert details_of({"title": "A\x1b[31m\nB\u202e", "url": " https://example.org/ "}) == Details(
        title="A[31m B", url="https://example.org/"
    )


def test_the_sidecar_goes_before_the_file() -> None:
    known, own = Details(title="Known", date=None), Details(title="Own", date="2022", author="A")
    assert known.over(own) == Details(title="Known", date="2022", author="A")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = " + "[" * 20_000, "line 1 is nested more than 16 deep"),
        ("x = " + "{a=" * 20_000, "line 1 is nested more than 16 deep"),
        ("\n\nx = [\n" + "[\n" * 20_000, "line 19 is nested more than 16 deep"),
        ("a" + ".a" * 200_000 + " = 1", "line 1 holds a key of more than 16 parts"),
        ('["a.txt"]\n[' + '"a".' * 200_000 + "a]", "line 2 holds a key of more than 16 parts"),
        ('x = [{y = """a"""", a' + ".a" * 200_000 + " = 1}]", "line 1 holds a key of more than 16 parts"),
        ("x = " + "9" * 10_000, "correct it and build again"),  # more digits than are converted
        ("x = '''" + "'" * 10_000, "correct it and build again"),
        ('x = "' + "\\" * 10_001, "correct it and build again"),
    ],
)
def test_a_sidecar_that_would_take_long_or_overflow_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse_sidecar(sidecar(text))


def test_dots_and_brackets_inside_strings_and_comments_are_no_structure() -> None:
    data = sidecar(
        "# " + "[." * 99 + '\n["a.b.c.txt"]\r\ntitle = """' + '\n[[.\\"' * 99 + '"""\nauthor = \'' + "[." * 99 + "'\n",
    )
    assert parse_sidecar(data).documents == {"a.b.c.txt": Details(title=('[[." ' * 99).strip(), author="[." * 99)}


def test_a_sidecar_of_many_tables_is_looked_at_once() -> None:
    tables = "".join(f'["report-{number}.txt"]\ntitle = "Report {number}. [Draft]"\n' for number in range(2000))
    assert len(parse_sidecar(sidecar(tables)).documents) == 2000


def test_a_sidecar_beyond_all_measure_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.reading.sidecar.MOST_BYTES", 1 << 20)
    with pytest.raises(UnreadableFile, match="larger than 1 MB"):
        parse_sidecar(sidecar("#" * ((1 << 20) + 1)))


def test_the_site_is_no_document_and_is_read_by_itself() -> None:
    data = sidecar(
        """
        [site]
        name = " Elsmouth "
        description = "Papers of the harbour"
        examples = ["Who runs the harbour?", " "]

        ["report.txt"]
        title = "Annual Report"
        """,
    )
    assert list(parse_sidecar(data).documents) == ["report.txt"]
    assert parse_sidecar(data).site == Site("Elsmouth", "Papers of the harbour", (Example("Who runs the harbour?"),))
    assert parse_sidecar(b"").site == Site()


@pytest.mark.parametrize(
    "table",
    ["name = 3", "examples = 'one'", "examples = [1]", "titel = 'x'", "description = ['x']"],
)
def test_a_site_that_cannot_be_read_stops_the_build(table: str) -> None:
    with pytest.raises(UnreadableFile, match=r"sources.toml: .*\[site\]"):
        parse_sidecar(sidecar(f"[site]\n{table}"))


def test_a_site_that_is_no_table_stops_the_build() -> None:
    with pytest.raises(UnreadableFile, match=r"\[site\]"):
        parse_sidecar(sidecar("site = 'x'"))
