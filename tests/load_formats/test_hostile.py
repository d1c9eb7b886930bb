"""A folder of generated hostile files: the build ends, every file has a fate, and good files are indexed."""

from __future__ import annotations

import os
from contextlib import closing

import pytest
from fuzzing.hostile import hostile_sidecars, write_hostile_folder
from workshop import TEXTS, Workshop

from qa.errors import QAError
from qa.index.build_notes import Fate

SIDECARS = list(hostile_sidecars())
_IN = {Fate.ADDED, Fate.CHANGED, Fate.UNCHANGED}


def test_every_hostile_file_has_a_fate_and_good_ones_go_in(tmp_path):
    shop = Workshop(tmp_path, parse_seconds=60, parse_memory_mb=1024)
    names = write_hostile_folder(shop.seeds)
    assert len(set(names)) == len(names)
    (shop.seeds / os.fsdecode(b"n-\xff.txt")).write_bytes(b"The harbour is deep.")
    report = shop.build()
    by_name = {file.source: file for file in report.files}
    hidden = {name for name in names if any(part.startswith(".") for part in name.split("/"))}
    assert set(by_name) == (set(names) - hidden) | set(TEXTS) | {"n-\ufffd.txt"}
    for name in TEXTS:
        assert by_name[name].fate is Fate.ADDED
    without = [file.source for file in report.files if file.fate not in _IN and not file.reason]
    assert not without
    with closing(shop.open_index()) as snapshot:
        assert {document.source for document in snapshot.documents} == {
            file.source for file in report.files if file.fate in _IN
        }


@pytest.mark.parametrize(("name", "content"), SIDECARS, ids=[name for name, _ in SIDECARS])
def test_a_hostile_sidecar_is_refused_with_a_reason_or_read(tmp_path, name, content):
    shop = Workshop(tmp_path)
    shop.put("sources.toml", content)
    refused = None
    try:
        assert not shop.build().failed
    except QAError as error:
        refused = str(error)
    assert refused is None or "sources.toml" in refused
