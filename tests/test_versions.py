"""Versions and segments on disk: published, verified, rolled back, pruned, and recovered after a kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import DamagedSnapshot, MismatchedSnapshot, NoIndex, UnknownSnapshot
from qa.index.file_lock import in_place
from qa.index.local import version_locks
from qa.index.local.index_folder import (
    current_id,
    current_name,
    current_version,
    next_sequence,
    rolled_back,
    segment_ids,
    segment_path,
    version_names,
    version_path,
    versions,
)
from qa.index.local.prune import prune, recover
from qa.index.local.publish import install_segment, point_current, publish
from qa.index.local.rollback import roll_back
from qa.index.local.verify import verify_segment
from qa.index.local.version import (
    FORMAT,
    ArrayRecord,
    Configuration,
    FileRecord,
    SegmentCounts,
    SegmentEntry,
    SegmentRecord,
    Version,
    VersionCounts,
    version_id,
)
from qa.index.local.version_files import SEGMENT, read_segment, read_version, version_bytes
from qa.index.typed_json import canonical
from qa.text.words import ANALYSER_VERSION

ROOT = Path(__file__).parent.parent
CONFIGURATION = Configuration("a model", "weights", "loader 1", 2, ANALYSER_VERSION, 4, 384)


def a_segment(index: Path, content: str) -> SegmentEntry:
    """Install a segment of two files; equal contents are one segment."""
    folder = index / "segments" / f".unfinished-{os.getpid()}"
    folder.mkdir(parents=True)
    files = {"vectors.f32": content.encode(), "tokens.u8": content[::-1].encode() * 9}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    record = SegmentRecord(
        CONFIGURATION,
        SegmentCounts(documents=3, passages=4, tokens=5, sentences=6, terms=7),
        {"vectors.f32": ArrayRecord("float32", (4, 384))},
        {name: FileRecord(len(data), sha256(data).hexdigest()) for name, data in files.items()},
    )
    (folder / SEGMENT).write_bytes(canonical(record))
    install_segment(index, folder, record)
    assert not folder.exists()
    return SegmentEntry(record.id, 3, 4, 7)


def a_version(index: Path, *segments: SegmentEntry, documents: str = "") -> Version:
    """A version under the next sequence; its id is that of the documents named by their letters."""
    name = version_id(CONFIGURATION, [(letter, letter) for letter in documents])
    counts = VersionCounts(len(documents), len(documents))
    return Version(name, next_sequence(index), "2026-01-02", CONFIGURATION, counts, segments).sealed()


def three(index: Path) -> list[Version]:
    """Three published versions, oldest first; the first segment is in all of them."""
    found, segments = [], ()
    for documents in ("a", "ab", "abc"):
        segments = (*segments, a_segment(index, documents))
        found.append(a_version(index, *segments, documents=documents))
        publish(index, found[-1])
    return found


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


# Records


names = st.text(min_size=1, max_size=5)
counts = st.integers(0, 10**9)
segment_entries = st.builds(
    SegmentEntry,
    st.binary(min_size=16, max_size=16).map(bytes.hex),
    st.just(100),
    counts,
    counts,
    st.sets(st.integers(0, 99)).map(lambda rows: tuple(sorted(rows))),
)
a_version_of_any_kind = st.builds(
    Version,
    st.binary(min_size=8, max_size=8).map(bytes.hex),
    st.integers(1, 10**9),
    names,
    st.builds(Configuration, names, names, names, counts, counts, counts),
    st.builds(VersionCounts, counts, counts),
    st.lists(segment_entries, max_size=4, unique_by=lambda entry: entry.id).map(tuple),
)


@given(a_version_of_any_kind)
def test_a_version_reads_back(tmp_path_factory, version):
    path = tmp_path_factory.mktemp("v") / f"{version.name}.json"
    path.write_bytes(version_bytes(version))
    assert read_version(path) == version.sealed()


def test_any_byte_of_a_version_and_of_a_segments_record_counts(tmp_path):
    entry = a_segment(tmp_path, "a")
    version = a_version(tmp_path, replace(entry, removed=(0, 2)), documents="a")
    publish(tmp_path, version)
    path, folder = version_path(tmp_path, version.name), segment_path(tmp_path, entry.id)
    for file, read in ((path, lambda: read_version(path)), (folder / SEGMENT, lambda: read_segment(folder))):
        for at in range(0, file.stat().st_size, 3):
            flip(file, at)
            with pytest.raises(DamagedSnapshot):
                read()
            flip(file, at)
        read()


@pytest.mark.parametrize(
    "fault",
    [
        {"sequence": "3"}, {"sequence": True}, {"counts": {"documents": 1}}, {"more": 1}, {"segments": {}},
        {"configuration": []}, {"id": "../../etc/passwd"},
        {"segments": [{"id": "a" * 32, "documents": 3, "passages": 1, "terms": 1, "removed": [1, 1]}]},
        {"segments": [{"id": "a" * 32, "documents": 3, "passages": 1, "terms": 1, "removed": [3]}]},
        {"segments": [{"id": "..", "documents": 3, "passages": 1, "terms": 1, "removed": []}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_sealed_version_with_a_wrong_field_is_damage(tmp_path, fault):
    version = a_version(tmp_path)
    content = json.loads(version_bytes(version)) | fault
    content["seal"] = sha256(canonical({name: each for name, each in content.items() if name != "seal"})).hexdigest()
    path = tmp_path / f"{version.name}.json"
    path.write_bytes(canonical(content))
    with pytest.raises(DamagedSnapshot, match="cannot be read"):
        read_version(path)


def test_another_format_is_told_apart_from_damage(tmp_path):
    version = replace(a_version(tmp_path), format=FORMAT + 1).sealed()
    path = tmp_path / f"{version.name}.json"
    path.write_bytes(version_bytes(version))
    with pytest.raises(MismatchedSnapshot, match=f"is of format {FORMAT + 1}, but {FORMAT} is in use"):
        read_version(path)
    altered = path.read_bytes().replace(b'"format":%d' % (FORMAT + 1), b'"format":%d' % (FORMAT + 2))
    path.write_bytes(altered)
    with pytest.raises(DamagedSnapshot, match="altered"):
        read_version(path)


def test_a_file_nested_without_end_is_damage_like_any_other(tmp_path):
    path = tmp_path / "000001-0123456789abcdef.json"
    path.write_bytes(b"[" * 100_000)
    with pytest.raises(DamagedSnapshot, match="nested too deeply"):
        read_version(path)


def test_the_id_tells_the_documents_and_the_configuration_and_nothing_else(tmp_path):
    one, two = a_segment(tmp_path, "one"), a_segment(tmp_path, "two")
    assert a_version(tmp_path, one, documents="ab").id == a_version(tmp_path, two, one, documents="ab").id
    ids = {a_version(tmp_path, documents=documents).id for documents in ("", "a", "b", "ab", "ba")}
    assert len(ids) == 5
    other = replace(CONFIGURATION, weights="others")
    assert version_id(other, []) not in ids


def test_the_subject_changes_the_id_and_files_without_one_can_be_read(tmp_path):
    assert version_id(CONFIGURATION, [], "Elden Wharf") != version_id(CONFIGURATION, [])
    told = asdict(replace(a_version(tmp_path), subject="Elden Wharf").sealed())
    del told["subject"], told["seal"]
    path = tmp_path / f"000001-{told['id']}.json"
    path.write_bytes(canonical(told | {"seal": sha256(canonical(told)).hexdigest()}))
    assert read_version(path).subject == ""


# CURRENT


def test_no_index_is_told(tmp_path):
    with pytest.raises(NoIndex, match="qa build"):
        current_name(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"0123", b"../../etc/passwd\n", b"\xff" * 23])
def test_a_current_that_names_nothing_is_damage_and_is_mended(tmp_path, content):
    *_, last = three(tmp_path)
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(DamagedSnapshot, match="does not name a snapshot"):
        current_name(tmp_path)
    recover(tmp_path)
    assert current_name(tmp_path) == last.name


def test_a_missing_current_beside_versions_is_damage_and_is_mended(tmp_path):
    first, _, _ = three(tmp_path)
    roll_back(tmp_path, first.id)
    (tmp_path / "CURRENT").unlink()
    with pytest.raises(DamagedSnapshot, match=r"CURRENT is missing.*qa build"):
        current_name(tmp_path)
    recover(tmp_path)
    assert current_id(tmp_path) == first.id


def test_a_current_version_that_cannot_be_read_gives_way_to_the_newest_that_was_not_rolled_back(tmp_path):
    first, second, third = three(tmp_path)
    roll_back(tmp_path, second.id)
    flip(version_path(tmp_path, current_name(tmp_path)), 30)
    recover(tmp_path)
    assert current_name(tmp_path) == second.name
    assert rolled_back(tmp_path) == [third.id]
    assert first.name in version_names(tmp_path)


def test_the_format_before_is_told_by_name(tmp_path):
    (tmp_path / "CURRENT").write_text("0123456789abcdef\n")
    with pytest.raises(MismatchedSnapshot, match=f"is of format 5, but {FORMAT} is in use"):
        current_name(tmp_path)


# Segments


def test_a_flipped_byte_in_any_file_is_found_and_named(tmp_path):
    entry = a_segment(tmp_path, "a")
    folder = segment_path(tmp_path, entry.id)
    for path in sorted(folder.iterdir()):
        whole = path.read_bytes()
        for trouble in (whole[:-1], whole + b"\0", b"\0" + whole[1:], None):
            path.unlink() if trouble is None else path.write_bytes(trouble)
            with pytest.raises(DamagedSnapshot, match=rf"Segment {entry.id}: .*{path.name}"):
                verify_segment(tmp_path, entry.id)
            path.write_bytes(whole)
    verify_segment(tmp_path, entry.id)


def test_all_damaged_files_are_named_at_once(tmp_path):
    entry = a_segment(tmp_path, "a")
    for name in ("tokens.u8", "vectors.f32"):
        flip(segment_path(tmp_path, entry.id) / name, 0)
    with pytest.raises(DamagedSnapshot, match=r"tokens.u8 is altered; vectors.f32 is altered"):
        verify_segment(tmp_path, entry.id)


def opened_by(act) -> list[str]:
    """The names of the files that an action opens."""
    found: list[str] = []
    active = True
    sys.addaudithook(lambda event, arguments: active and event == "open" and found.append(Path(str(arguments[0])).name))
    act()
    active = False
    return found


def test_what_was_compared_before_is_not_read_again_unless_every_byte_is_asked_for(tmp_path):
    entry = a_segment(tmp_path, "a")
    arrays = {"tokens.u8", "vectors.f32"}
    assert not arrays & set(opened_by(lambda: verify_segment(tmp_path, entry.id)))
    assert arrays <= set(opened_by(lambda: verify_segment(tmp_path, entry.id, every_byte=True)))
    path = segment_path(tmp_path, entry.id) / "tokens.u8"
    path.touch()
    assert arrays & set(opened_by(lambda: verify_segment(tmp_path, entry.id))) == {"tokens.u8"}
    assert not arrays & set(opened_by(lambda: verify_segment(tmp_path, entry.id)))


def test_setting_the_time_back_does_not_hide_a_change(tmp_path):
    entry = a_segment(tmp_path, "a")
    path = segment_path(tmp_path, entry.id) / "tokens.u8"
    before = path.stat()
    flip(path, 0)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamagedSnapshot, match=r"tokens.u8 is altered"):
        verify_segment(tmp_path, entry.id)


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"files":{"tokens.u8":["x"]}}'])
def test_what_is_remembered_only_saves_time(tmp_path, content):
    entry = a_segment(tmp_path, "a")
    (tmp_path / "verified" / f"{entry.id}.json").write_bytes(content)
    flip(segment_path(tmp_path, entry.id) / "tokens.u8", 0)
    with pytest.raises(DamagedSnapshot):
        verify_segment(tmp_path, entry.id)


def test_a_segment_that_is_there_already_is_left_and_a_damaged_one_is_set_aside(tmp_path):
    entry = a_segment(tmp_path, "a")
    path = segment_path(tmp_path, entry.id) / "tokens.u8"
    before = path.stat()
    assert a_segment(tmp_path, "a") == entry
    assert path.stat() == before
    flip(path, 0)
    damaged = path.read_bytes()
    assert a_segment(tmp_path, "a") == entry
    verify_segment(tmp_path, entry.id)
    assert (tmp_path / "segments" / f"{entry.id}.damaged-1" / "tokens.u8").read_bytes() == damaged


# Publishing


def test_nothing_is_published_whose_segments_are_not_whole(tmp_path):
    one, two = a_segment(tmp_path, "one"), a_segment(tmp_path, "two")
    publish(tmp_path, a_version(tmp_path, one, documents="a"))
    before = current_name(tmp_path)
    flip(segment_path(tmp_path, two.id) / "tokens.u8", 0)
    for segments in ((one, two), (replace(one, id="0" * 32),)):
        with pytest.raises(DamagedSnapshot):
            publish(tmp_path, a_version(tmp_path, *segments, documents="ab"))
    assert current_name(tmp_path) == before


def test_recovery_removes_what_was_never_committed_and_nothing_else(tmp_path):
    first, second, third = three(tmp_path)
    lone, waiting = a_segment(tmp_path, "lone"), a_segment(tmp_path, "waiting")
    uncommitted = a_version(tmp_path, lone, documents="l")
    version_path(tmp_path, uncommitted.name).write_bytes(version_bytes(uncommitted))
    (tmp_path / "segments" / ".unfinished-99").mkdir()
    (tmp_path / ".CURRENT.99").write_text("x")
    (tmp_path / "versions" / f".{uncommitted.name}.json.99").write_text("x")
    recover(tmp_path, unpublished=[waiting.id])
    assert current_name(tmp_path) == third.name == version_names(tmp_path)[0]
    named = {entry.id for version in (first, second, third) for entry in version.segments}
    assert set(segment_ids(tmp_path)) == {*named, waiting.id}
    assert not list(tmp_path.rglob(".*"))
    recover(tmp_path)
    assert set(segment_ids(tmp_path)) == named


# Rollback


def test_rollback_publishes_the_newest_other_or_the_one_asked_for(tmp_path):
    first, second, third = three(tmp_path)
    assert roll_back(tmp_path) == second.id
    assert rolled_back(tmp_path) == [third.id]
    assert roll_back(tmp_path) == first.id
    assert rolled_back(tmp_path) == [third.id, second.id]
    with pytest.raises(UnknownSnapshot, match="no other whole snapshot"):
        roll_back(tmp_path)
    with pytest.raises(UnknownSnapshot, match="--list"):
        roll_back(tmp_path, "f" * 16)
    assert roll_back(tmp_path, third.id) == third.id
    assert rolled_back(tmp_path) == [second.id, first.id]
    assert current_version(tmp_path).sequence == 6
    assert current_version(tmp_path).segments == third.segments


def test_a_rollback_ends_with_the_next_publication_and_not_with_a_merge(tmp_path):
    first, second, _ = three(tmp_path)
    roll_back(tmp_path, second.id)
    refused = rolled_back(tmp_path)
    publish(tmp_path, replace(second, sequence=next_sequence(tmp_path), segments=second.segments[::-1]))
    assert rolled_back(tmp_path) == refused, "the same documents in other segments"
    publish(tmp_path, a_version(tmp_path, *first.segments, documents="x"))
    assert rolled_back(tmp_path) == []


def test_a_rollback_that_is_cut_off_before_its_commit_changes_nothing(tmp_path):
    first, second, third = three(tmp_path)
    roll_back(tmp_path, second.id)
    before = current_name(tmp_path)
    roll_back(tmp_path, first.id)
    point_current(tmp_path, before)
    recover(tmp_path)
    assert current_id(tmp_path) == second.id
    assert third.id in rolled_back(tmp_path)


def test_rollback_does_not_choose_what_was_never_current(tmp_path):
    *_, second, _ = three(tmp_path)
    uncommitted = a_version(tmp_path, a_segment(tmp_path, "lone"), documents="l")
    version_path(tmp_path, uncommitted.name).write_bytes(version_bytes(uncommitted))
    with pytest.raises(UnknownSnapshot):
        roll_back(tmp_path, uncommitted.id)
    assert roll_back(tmp_path) == second.id
    assert current_version(tmp_path).sequence > uncommitted.sequence


def test_rollback_refuses_damage(tmp_path):
    first, second, third = three(tmp_path)
    flip(segment_path(tmp_path, second.segments[-1].id) / "tokens.u8", 0)
    with pytest.raises(DamagedSnapshot, match=r"tokens\.u8"):
        roll_back(tmp_path, second.id)
    assert current_name(tmp_path) == third.name
    assert roll_back(tmp_path) == first.id


# Pruning


def test_pruning_keeps_the_newest_ids_and_their_segments(tmp_path):
    first, second, third = three(tmp_path)
    assert prune(tmp_path, 3) == []
    assert prune(tmp_path, 2) == [first.name]
    assert set(segment_ids(tmp_path)) == {entry.id for entry in third.segments}, "its segment is in the others too"
    roll_back(tmp_path, second.id)
    assert prune(tmp_path, 1) == [third.name, second.name]
    assert [version.id for version in versions(tmp_path)] == [second.id]
    assert set(segment_ids(tmp_path)) == {entry.id for entry in second.segments}
    assert {path.stem for path in (tmp_path / "verified").iterdir()} == set(segment_ids(tmp_path))


def test_of_an_id_only_the_newest_version_is_kept(tmp_path):
    *_, third = three(tmp_path)
    merged = a_segment(tmp_path, "merged")
    publish(tmp_path, replace(third, sequence=next_sequence(tmp_path), segments=(merged,)))
    assert prune(tmp_path, 3) == [third.name]
    assert len(version_names(tmp_path)) == 3


def test_pruning_removes_the_format_before(tmp_path):
    (tmp_path / "snapshots" / "0123456789abcdef").mkdir(parents=True)
    three(tmp_path)
    prune(tmp_path, 3)
    assert not (tmp_path / "snapshots").exists()


def test_a_version_that_cannot_be_read_is_set_aside(tmp_path):
    first, _, _ = three(tmp_path)
    path = version_path(tmp_path, first.name)
    flip(path, 20)
    damaged = path.read_bytes()
    prune(tmp_path, 3)
    assert path.with_name(f"{path.name}.damaged-1").read_bytes() == damaged
    assert not path.exists()


def test_pruning_keeps_all_segments_while_a_version_of_a_later_format_is_there(tmp_path):
    three(tmp_path)
    lone = a_segment(tmp_path, "lone")
    later = replace(a_version(tmp_path, lone, documents="z"), sequence=1, format=FORMAT + 1).sealed()
    version_path(tmp_path, later.name).write_bytes(version_bytes(later))
    prune(tmp_path, 1)
    assert lone.id in segment_ids(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")
def test_pruning_never_touches_a_version_that_another_process_holds(tmp_path):
    first, second, third = three(tmp_path)
    lone = a_version(tmp_path, a_segment(tmp_path, "lone"), documents="z")
    publish(tmp_path, lone)
    publish(tmp_path, replace(third, sequence=next_sequence(tmp_path)))
    code = (
        "import sys; from pathlib import Path; from qa.index.local.version_locks import hold\n"
        "held = hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(version_path(tmp_path, lone.name))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        assert prune(tmp_path, 1) == [third.name, second.name, first.name]
        assert lone.segments[0].id in segment_ids(tmp_path)
        holder.communicate("")
    assert prune(tmp_path, 1) == [lone.name]
    assert lone.segments[0].id not in segment_ids(tmp_path)


def test_a_version_that_was_removed_cannot_be_held(tmp_path):
    first, *_ = three(tmp_path)
    path = version_path(tmp_path, first.name)
    held = version_locks.hold(path)
    assert in_place(held, path)
    path.write_bytes(path.read_bytes())
    assert in_place(held, path)
    os.close(held)
    path.unlink()
    with pytest.raises(DamagedSnapshot, match=first.name):
        version_locks.hold(path)
