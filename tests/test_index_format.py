"""A build writes files that follow the specification in index/README.md."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
from workshop import Workshop

import qa.index.local.vectors.coded_store
from qa.answering.confidence_model import FILE as CONFIDENCE
from qa.building.build_lock import WAITING
from qa.building.file_digests import FILES
from qa.building.journal import JOURNAL
from qa.building.write_segments import PASSAGES_AT_ONCE
from qa.cli.evaluate import COLLECTIONS
from qa.index.build_notes import PROGRESS, REPORT, REQUEST
from qa.index.builder_lock import BUILDER_LOCK
from qa.index.local.index_folder import LOCK, ROLLED_BACK, SEGMENTS, VERIFIED, VERSIONS, current_name
from qa.index.local.merge_policy import MOST_PASSAGES
from qa.index.local.vectors.coded_store import CODES
from qa.index.local.version import FORMAT
from qa.index.local.version_files import SEGMENT
from qa.index.site_note import SITE

TEXT = (Path(__file__).parent.parent / "index/README.md").read_text(encoding="utf-8")


def table(heading: str, named: str = r"\w+") -> dict[str, str]:
    """The first table with this head under a heading: the second cell by the first."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    body = re.search(rf"^\| {named} \| .*\|\n\|---\|---\|\n((?:\|.*\|\n)+)", section, re.MULTILINE)[1]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", body, re.MULTILINE))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    shop.put("empty.txt", b"")
    shop.build()
    (shop.seeds / "mill.txt").unlink()
    shop.build()
    return shop


@pytest.fixture(scope="module")
def record(shop):
    return json.loads((shop.new_folder() / SEGMENT).read_bytes())


def test_the_version_is_the_codes(record):
    assert f"format **{FORMAT}**" in TEXT
    assert table("A version")["format"] == table("A segment", "key")["format"] == str(FORMAT) == str(record["format"])


def test_the_numbers_are_the_codes():
    for number in (PASSAGES_AT_ONCE, MOST_PASSAGES, qa.index.local.vectors.coded_store.CODED_FROM):
        assert f"{number:,} passages" in TEXT


def test_the_folder_holds_what_is_named(shop):
    named = set(table("The folder"))
    assert {path.name for path in shop.index.iterdir()} <= {name.rstrip("/") for name in named}
    folders = {f"{name}/" for name in (VERSIONS, SEGMENTS, VERIFIED, COLLECTIONS)}
    notes = {REPORT, LOCK, JOURNAL, FILES, PROGRESS, REQUEST, WAITING, ROLLED_BACK, BUILDER_LOCK, SITE, CONFIDENCE}
    assert named == {"CURRENT", *folders, *notes}


def test_a_segment_holds_what_is_named(shop):
    assert {path.name for path in shop.new_folder().iterdir()} == set(table("A segment", "file")) - {CODES}


def test_arrays_have_the_types_and_shapes_that_are_named(shop, record):
    known = {"d": record["configuration"]["dimension"], **record["counts"]}
    for name, described in table("A segment", "file").items():
        if shape := re.match(r"`\(([^)]*)\) (\w+)`", described):
            found = record["arrays"][name]
            assert found["dtype"] == shape[2], name
            parts = [part.strip() for part in shape[1].split(",") if part.strip()]
            assert len(found["shape"]) == len(parts)
            for part, size in zip(parts, found["shape"], strict=True):
                base, _, more = part.partition(" + ")
                # `terms` in segment.json counts the terms of all passages, not the distinct ones.
                if base in known and base != "terms":
                    assert size == known[base] + int(more or 0), name
                elif base.isdigit():
                    assert size == int(base), name
    assert set(record["arrays"]) == {name for name in record["files"] if name != "texts.sqlite"}


def test_a_version_has_the_keys_that_are_named(shop):
    version = json.loads((shop.index / VERSIONS / f"{current_name(shop.index)}.json").read_bytes())
    described = table("A version")
    assert set(version) == set(described)
    assert current_name(shop.index) == f"{version['sequence']:06d}-{version['id']}"
    for key in ("configuration", "counts"):
        assert set(version[key]) == set(re.findall(r"`(\w+)`", described[key]))
    assert set(version["segments"][0]) == set(re.findall(r"`(\w+)`", described["segments"]))
    assert version["segments"][0]["removed"] == [2]


def test_a_segments_record_has_the_keys_that_are_named(record):
    described = table("A segment", "key")
    assert set(record) == set(described)
    assert set(record["counts"]) == set(re.findall(r"`(\w+)`", described["counts"]))
    for key in ("arrays", "files"):
        assert set(next(iter(record[key].values()))) == set(re.findall(r"`(\w+)`", described[key]))


def test_the_tables_have_the_columns_that_are_named(shop):
    with sqlite3.connect(f"file:{shop.new_folder() / 'texts.sqlite'}?mode=ro", uri=True) as database:
        named = dict(re.findall(r"^(documents|contents|passages) \(([^)]+)\)$", TEXT, re.MULTILINE))
        assert set(named) == {"documents", "contents", "passages"}
        for name, columns in named.items():
            assert [row[1] for row in database.execute(f"PRAGMA table_info({name})")] == columns.split(", ")
    database.close()
