"""The specification in index/README.md and what a build writes, held together."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
from workshop import Workshop

from qa.building.reuse import JOURNAL
from qa.index.build_notes import PROGRESS, REPORT, REQUEST
from qa.index.builder_lock import BUILDER_LOCK
from qa.index.local.manifest import FORMAT, current_id
from qa.index.local.publish import LOCK, ROLLED_BACK

TEXT = (Path(__file__).parent.parent / "index/README.md").read_text(encoding="utf-8")


def table(heading: str) -> dict[str, str]:
    """The first table under a heading: the second cell by the first."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, re.MULTILINE)
    return dict(rows)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    shop.put("empty.txt", b"")
    shop.build()
    return shop


def test_the_version_is_the_codes():
    assert f"format **{FORMAT}**" in TEXT
    assert table("The manifest")["format"] == str(FORMAT)


def test_the_folder_holds_what_is_named(shop):
    named = set(table("The folder"))
    assert {path.name for path in shop.index.iterdir()} <= {name.rstrip("/") for name in named}
    assert named == {"CURRENT", "snapshots/", REPORT, LOCK, JOURNAL, PROGRESS, REQUEST, ROLLED_BACK, BUILDER_LOCK}


def test_a_snapshot_holds_what_is_named(shop):
    named = set(table("A snapshot"))
    assert {path.name + ("/" if path.is_dir() else "") for path in shop.folder().iterdir()} == named
    lexical = set(re.findall(r"`(\w[\w.]+)`", table("A snapshot")["bm25/"]))
    assert {path.name for path in (shop.folder() / "bm25").iterdir()} == lexical


def test_arrays_have_the_shapes_that_are_named(shop):
    manifest = json.loads((shop.folder() / "manifest.json").read_bytes())
    sizes = {"int8": 1, "float32": 4, "int32": 4, "int64": 8}
    known = {"d": manifest["configuration"]["dimension"], **manifest["counts"]}
    known["passages + 1"] = manifest["counts"]["passages"] + 1
    for name, described in table("A snapshot").items():
        if shape := re.match(r"`\(([^)]*)\) (\w+)`", described):
            expected = sizes[shape[2]]
            for part in filter(None, shape[1].split(",")):
                expected *= known[part.strip()] if part.strip() in known else int(part)
            assert (shop.folder() / name).stat().st_size == expected, name


def test_the_manifest_has_the_keys_that_are_named(shop):
    manifest = json.loads((shop.folder() / "manifest.json").read_bytes())
    described = table("The manifest")
    assert set(manifest) == set(described)
    for key in ("configuration", "counts", "vectors"):
        assert set(manifest[key]) == set(re.findall(r"`(\w+)`", described[key]))
    assert set(manifest["documents"][0]) | {"note", "kept"} == set(re.findall(r"`(\w+)`", described["documents"]))
    assert set(manifest["failed"][0]) == set(re.findall(r"`(\w+)`", described["failed"]))
    assert current_id(shop.index) == manifest["id"]


def test_the_tables_have_the_columns_that_are_named(shop):
    with sqlite3.connect(f"file:{shop.folder() / 'documents.sqlite'}?mode=ro", uri=True) as database:
        for name, columns in re.findall(r"^(documents|passages) \(([^)]+)\)$", TEXT, re.MULTILINE):
            found = [row[1] for row in database.execute(f"PRAGMA table_info({name})")]
            assert found == columns.split(", ")
    database.close()
