from __future__ import annotations

from pathlib import Path

import pytest

from qa.errors import UnreadableFile
from qa.reading.sidecar import Details, details_of, parse_date, read_site_table, read_sources
from qa.records import Example, Site


def sidecar(folder: Path, text: str) -> Path:
    (folder / "sources.toml").write_text(text, encoding="utf-8")
    return folder


def test_no_sidecar_says_nothing(tmp_path: Path) -> None:
    assert read_sources(tmp_path) == {}


def test_what_stands_there_is_read_by_file(tmp_path: Path) -> None:
    folder = sidecar(
        tmp_path,
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
    assert read_sources(folder) == {
        "report.txt": Details(
            "Annual Report", "Example Foundation", "A. Writer", "2023-05-01", "https://example.org/report"
        ),
        "deep/naïve.md": Details(date="2022"),
        "empty.txt": Details(),
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[broken", r"sources\.toml: .*; mend it and build again"),
        ('["a.txt"]\nyear = 2022', r"""\["a\.txt"\] has no field 'year'; known are title, publisher"""),
        ('["a.txt"]\ntitle = 7', r'\["a\.txt"\] title = 7 is no text'),
        ('["a.txt"]\ntitle = "  "', "title = .* is no text"),
        ('["a.txt"]\ndate = "last May"', "date = 'last May' is no date"),
        ('["a.txt"]\ndate = "2022-02-30"', "date = '2022-02-30' is no date"),
        ('["a.txt"]\ndate = 2022', "date = 2022 is no date"),
        ('["a.txt"]\ndate = 2022-05-01T10:00:00', "is no date"),
        ('["a.txt"]\nurl = "javascript:alert(1)"', r"url = 'javascript:alert\(1\)' is no http or https address"),
        ('["a.txt"]\nurl = "https://"', "is no http or https address"),
        ('["a.txt"]\nurl = "https://example.org/a b"', "is no http or https address"),
        ('["a.txt"]\nauthor = "\\u001b\\u202e"', "author = .* is no text"),
        ('title = "Report"', r'write \["title"\] as a table'),
        ("[a.txt]\ntitle = 'Report'", r"\[.a.\] has no field 'txt'"),  # the name of a file wants quotes
    ],
)
def test_a_broken_sidecar_is_refused_with_file_field_and_value(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read_sources(sidecar(tmp_path, text))


def test_a_sidecar_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sources.toml").write_bytes(b'["a.txt"]\ntitle = "Caf\xe9"')
    with pytest.raises(UnreadableFile, match=r"sources\.toml"):
        read_sources(tmp_path)


@pytest.mark.parametrize("text", ["2022", "2022-04", "2022-04-18", " 2022 "])
def test_a_year_a_month_or_a_day_is_a_date(text: str) -> None:
    assert parse_date(text) == text.strip()


@pytest.mark.parametrize(
    "text", ["", "22", "٢٠٢٢", "2022-4-18", "2022-13", "2022-02-30", "18.4.2022", "2022-04-18T10:00", "0000"]
)
def test_anything_else_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_what_a_file_says_of_itself_is_taken_where_it_can_be() -> None:
    assert details_of({"title": "T", "author": "A", "date": "2022-04", "tags": "x"}) == Details(
        title="T", author="A", date="2022-04"
    )
    assert details_of({"date": "last May"}) == Details()
    assert details_of({"url": "javascript:alert(1)"}) == Details()
    assert details_of({"title": "A\x1b[31m\nB\u202e", "url": " https://example.org/ "}) == Details(
        title="A[31m B", url="https://example.org/"
    )


def test_a_folder_in_its_place_is_no_sidecar_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sources.toml").mkdir()
    assert read_sources(tmp_path) == {}
    assert "is a folder, not a sidecar" in caplog.text


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
        ("x = " + "9" * 10_000, "mend it and build again"),  # more digits than are converted
        ("x = '''" + "'" * 10_000, "mend it and build again"),
        ('x = "' + "\\" * 10_001, "mend it and build again"),
    ],
)
def test_a_sidecar_that_would_take_long_or_overflow_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read_sources(sidecar(tmp_path, text))


def test_dots_and_brackets_inside_strings_and_comments_are_no_structure(tmp_path: Path) -> None:
    folder = sidecar(
        tmp_path,
        "# " + "[." * 99 + '\n["a.b.c.txt"]\r\ntitle = """' + '\n[[.\\"' * 99 + '"""\nauthor = \'' + "[." * 99 + "'\n",
    )
    assert read_sources(folder) == {"a.b.c.txt": Details(title=('[[." ' * 99).strip(), author="[." * 99)}


def test_a_sidecar_of_many_tables_is_looked_at_once(tmp_path: Path) -> None:
    tables = "".join(f'["report-{number}.txt"]\ntitle = "Report {number}. [Draft]"\n' for number in range(2000))
    assert len(read_sources(sidecar(tmp_path, tables))) == 2000


def test_a_sidecar_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.reading.sidecar.MOST_BYTES", 1 << 20)
    with pytest.raises(UnreadableFile, match="larger than 1 MB"):
        read_sources(sidecar(tmp_path, "#" * ((1 << 20) + 1)))


def test_the_site_is_no_document_and_is_read_by_itself(tmp_path: Path) -> None:
    folder = sidecar(
        tmp_path,
        """
        [site]
        name = " Elsmouth "
        description = "Papers of the harbour"
        examples = ["Who runs the harbour?", " "]

        ["report.txt"]
        title = "Annual Report"
        """,
    )
    assert list(read_sources(folder)) == ["report.txt"]
    assert read_site_table(folder) == Site("Elsmouth", "Papers of the harbour", (Example("Who runs the harbour?"),))
    assert read_site_table(tmp_path / "nowhere") == Site()


@pytest.mark.parametrize(
    "table",
    ["name = 3", "examples = 'one'", "examples = [1]", "titel = 'x'", "description = ['x']"],
)
def test_a_site_that_cannot_be_read_stops_the_build(tmp_path: Path, table: str) -> None:
    for read in (read_sources, read_site_table):
        with pytest.raises(UnreadableFile, match=r"sources.toml: .*\[site\]"):
            read(sidecar(tmp_path, f"[site]\n{table}"))


def test_a_site_that_is_no_table_stops_the_build(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"\[site\]"):
        read_sources(sidecar(tmp_path, "site = 'x'"))
