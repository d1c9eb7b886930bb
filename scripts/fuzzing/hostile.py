"""A folder of generated hostile files: each must get a fate with a reason, and the good files must be indexed.

Every generator yields names and bytes. `scale` multiplies repeated parts: 1 keeps every file small, so that a test
takes seconds; larger values reach the limits on time and memory.
"""

from __future__ import annotations

import codecs
import json
import os
import random
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fuzzing.hostile_binary import LAUGHS, OUTSIDE, Made, binary_files


def hostile_files(scale: int = 1) -> Made:
    """All hostile files, with distinct names."""
    yield from _texts(scale)
    yield from _markdown(scale)
    yield from _pages(scale)
    yield from binary_files(scale)
    yield from _mislabelled()
    yield from _named()


def _texts(scale: int) -> Made:
    yield "t-empty.txt", b""
    yield "t-blank.txt", b" \n\t\r\n" * 100
    yield "t-nul.txt", b"\0" * 10_000
    yield "t-nul-within.txt", b"The harbour \0 is deep.\0"
    yield "t-surrogates.txt", b"The harbour \xed\xa0\x80 is deep."
    yield "t-overlong.txt", b"The \xc0\xaf\xe0\x80\xaf harbour."
    yield "t-utf16-odd.txt", codecs.BOM_UTF16_LE + "The harbour".encode("utf-16-le") + b"x"
    yield "t-utf32.txt", codecs.BOM_UTF32_LE + "The harbour is deep.".encode("utf-32-le")
    yield "t-one-line.txt", b"word " * 20_000 * scale
    yield "t-one-word.txt", b"x" * 100_000 * scale
    yield "t-marks.txt", "a\u0301".encode() + "\u0301".encode() * 20_000 * scale
    yield "t-directions.txt", "The \u202eruobrah\u202c is \u2066deep\u2069.\u2028Next\u2029line.".encode()
    yield "t-controls.txt", b"The \x1b[31mharbour\x1b[0m \x07is\x08 deep. " * 30
    yield "t-lines.txt", b"a\n" * 5_000 * scale
    yield "t-gaps.txt", (b"a" + b"\n" * 200) * 200 * scale
    yield "t-stops.txt", b"A. B. Dr. " * 5_000 * scale
    yield "t-numbers.txt", b"9" * 5_000 + b". item\n" * 200
    yield "t-stamp.txt", b"date 9999-99-99 The harbour is deep. date 0000-00-00 x"
    yield "t-marked.txt", b"".join(b"*%d note\n\ntext*%d\n\n" % (n, n) for n in range(1_000 * scale))
    yield "t-random.txt", random.Random(1).randbytes(5_000)  # noqa: S311


def _markdown(scale: int) -> Made:
    for name, piece in (("brackets", b"["), ("parens", b"[]("), ("quotes", b"> "), ("lists", b"- "), ("stars", b"*a_"),
                        ("ticks", b"`a``"), ("angles", b"<a "), ("images", b"![["), ("hashes", b"# "), ("pipes", b"|a"),
                        ("escapes", b"\\"), ("entities", b"&#x"), ("tabs", b"\t- ")):  # fmt: skip
        yield f"m-{name}.md", piece * 3_000 * scale
    yield "m-refs.md", b"".join(b"[a%d]: b\n" % n for n in range(3_000 * scale)) + b"[a1]" * 1_000
    yield "m-front.md", b"---\ntitle: " + b"[" * 5_000 + b"\n---\nThe harbour."
    yield "m-front-laughs.md", b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\ndate: 99999-1-1\n---\nThe harbour."
    yield "m-script.md", b"---\nurl: javascript:alert(1)\ntitle: <script>alert(1)</script>\n---\nThe harbour is deep."
    yield "m-open-front.md", b"---\ntitle: x\n" * 1_000
    yield "m-fence.md", b"```\n" + b"x\n" * 1_000


def _pages(scale: int) -> Made:
    for name, piece in (("divs", b"<div>"), ("tables", b"<table><tr><td>"), ("fonts", b"<font><b><i>"), ("opens", b"<"),
                        ("comments", b"<!--"), ("nul", b"<p>\0</p>"), ("lists", b"<ul><li>"), ("forms", b"<form><p>"),
                        ("ends", b"</p>"), ("refs", b"&#1114112;&#0;&#xD800;"), ("svg", b"<svg><math>")):  # fmt: skip
        yield f"h-{name}.html", b"<html><body>The harbour. " + piece * 2_000 * scale
    yield "h-attributes.html", b"<html><p " + b"".join(b"a%d=b " % n for n in range(5_000 * scale)) + b">The harbour."
    yield "h-long-attribute.html", b'<html><a href="' + b"x" * 200_000 * scale
    yield "h-script.html", b"<html><p>The harbour.</p><script>" + b"a<b;" * 50_000 * scale + b"</script>"
    yield "h-laughs.xhtml", (LAUGHS + "<html><body><p>&a9;</p></body></html>").encode()
    yield "h-outside.xhtml", (OUTSIDE + "<html><body><p>&a; harbour</p></body></html>").encode()
    yield "h-charset.html", b'<html><meta charset="no-such"><p>The harb\xf6ur.'
    yield "h-charset-lie.html", b'<html><meta charset="utf-16"><p>The harbour is deep.'
    yield "h-spans.html", b"<html><table><tr><td colspan=99999999 rowspan=99999999>The harbour" * 50
    yield "h-start.html", b"<html><ol start=999999999999999999999><li>The harbour<li value=-1e9>x"


def _mislabelled() -> Made:
    for suffix in ("txt", "md", "html", "pdf", "docx", "pptx"):
        for name, start in (
            ("elf", b"\x7fELF"),
            ("zip", b"PK\x03\x04"),
            ("gzip", b"\x1f\x8b\x08"),
            ("png", b"\x89PNG\r\n"),
        ):
            yield f"x-{name}.{suffix}", start + b"\0\1\2\3" * 50
        yield f"x-json.{suffix}", json.dumps({"a": [[]] * 50}).encode()


def _named() -> Made:
    body = b"The harbour is deep."
    for name in ("-rf.txt", "n report.htm", "n\treport.txt", "n\nSnapshot deadbeef now serves.txt",
    "n\x1b]0;PWNED\x07.txt",
                 "n\u202egpj.txt", "n'\";&|$(id).txt", "<img src=x onerror=alert(1)>.html", "n%2e%2e%2f.txt", "n.TXT",
                 "n..txt",
                 "caf\u00e9.txt", "cafe\u0301.txt", "\u0645\u06cc\u200c\u0634\u0648\u062f.txt", "n" * 240 + ".txt",
                 "con.txt",
                 "report.htm", "report.md", "report.txt", "n.unknown", "no-suffix", ".txt",
                 "a/b/c/d/e/f/g/h/i/j/deep.txt",
                 "{{7*7}}.txt", "sources.toml.txt", "d/sources.toml"):  # fmt: skip
        yield name, body


def hostile_sidecars(scale: int = 1) -> Iterator[tuple[str, bytes]]:
    """Contents of sources.toml that a build must refuse with a reason, each with a short name."""
    yield "arrays", b"x = " + b"[" * 20_000 * scale
    yield "keys", b".".join([b"a"] * 5_000 * scale) + b" = 1"
    yield "tables", b"[" + b".".join([b"a"] * 5_000 * scale) + b"]"
    yield "inline", b"x = " + b"{a=" * 20_000 * scale
    yield "not text", b"\xff\xfe\0"
    yield "nul", b"\0" * 1_000
    yield "number", b"x = " + b"9" * 100_000
    yield "wrong kinds", b'["a.txt"]\ntitle = 7\ndate = [1]\n'


def write_hostile_folder(folder: Path, scale: int = 1) -> list[str]:
    """Write all hostile files, and entries that are not regular files; returns their paths below the folder."""
    names = []
    for name, data in hostile_files(scale):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        names.append(name)
    names += _write_no_files(folder)
    return names


def _write_no_files(folder: Path) -> list[str]:
    """Folder entries that are not readable files."""
    (folder / "l-dangling.txt").symlink_to("nowhere")
    (folder / "l-itself.txt").symlink_to("l-itself.txt")
    (folder / "l-zero.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "l-pipe.txt")
    here = os.open(folder, os.O_RDONLY)
    with suppress(OSError), socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{here}/l-socket.txt")  # the folder's path may be too long for an address
    os.close(here)
    return [path.name for path in folder.glob("l-*")]


__all__ = ["hostile_files", "hostile_sidecars", "write_hostile_folder"]
