"""Files of the project for new users: licence, notice, citation, changelog, and guide for contributors."""

from __future__ import annotations

import ast
import re
import tomllib
from hashlib import sha256
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # of the licence's text as published


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_licence_is_the_apache_licence_to_the_letter_and_the_package_says_so() -> None:
    assert sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2
    assert PROJECT["license"] == "Apache-2.0"
    assert [name for name in PROJECT["license-files"] if not (ROOT / name).is_file()] == []


def test_the_notice_leaves_the_documents_to_their_publishers() -> None:
    assert "seeds/" in read("NOTICE")
    assert "publisher" in read("NOTICE")


def test_the_citation_names_this_version() -> None:
    told = yaml.safe_load(read("CITATION.cff"))
    assert told["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(told)
    assert (told["version"], told["license"]) == (PROJECT["version"], PROJECT["license"])


def test_the_changelog_names_the_format_of_the_index() -> None:
    (told,) = re.findall(r"The index's format is (\d+)", read("CHANGELOG.md"))
    (specified,) = re.findall(r"This page specifies format \*\*(\d+)\*\*", read("index/README.md"))
    assert told == specified


def test_contributors_are_told_the_two_commands() -> None:
    for command in ("scripts/serve", "scripts/test"):
        assert command in read("CONTRIBUTING.md")
        assert (ROOT / command).is_file()


def test_no_module_class_or_function_is_long() -> None:
    """Lines: 300 of a module, 150 of a class, 60 of a function."""
    long = []
    for path in sorted((ROOT / "qa").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        long += [(str(path), text.count("\n"))] * (text.count("\n") > 300)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                most = 150 if isinstance(node, ast.ClassDef) else 60
                long += [(f"{path}:{node.name}", lines)] * (lines > most)
    assert not long
