from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workshop import Workshop

import qa.index.local.manifest
from qa.errors import DamagedSnapshot, MismatchedSnapshot, NoIndex, UnknownSnapshot
from qa.index.build_notes import PROGRESS, REPORT, read_progress, read_report
from qa.index.local.manifest import current_id, manifests, read_manifest, seal, verify_files
from qa.index.local.publish import prune, roll_back, rolled_back
from qa.index.local.snapshot import newest_whole, open_snapshot

README = Path(__file__).parent.parent / "index" / "README.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("shop"))
    shop.build()
    return shop


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


def three(shop: Workshop) -> list[str]:
    """Three snapshots, oldest first."""
    ids = []
    for number in range(3):
        shop.put("mill.txt", f"The Mill\n\nThe mill was repainted {number} times.")
        ids.append(shop.build().snapshot)
    return ids


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_flipped_byte_in_any_file_is_found_and_named(built):
    folder = built.folder()
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert {"manifest.json", "documents.sqlite", "passages.faiss", "tokens.i8", "token_scales.f32"} < set(names)
    for name in names:
        path = folder / name
        size = path.stat().st_size
        for at in {0, size // 2, size - 1} if size else ():
            flip(path, at)
            with pytest.raises(DamagedSnapshot, match=path.name):
                open_snapshot(built.index, folder.name)
            flip(path, at)
        whole = path.read_bytes()
        for trouble in (whole[:-1], whole + b"\0", None):
            path.unlink() if trouble is None else path.write_bytes(trouble)
            with pytest.raises(DamagedSnapshot, match=path.name):
                open_snapshot(built.index, folder.name)
            path.write_bytes(whole)
    open_snapshot(built.index, folder.name).close()


def test_every_byte_of_the_manifest_counts(built):
    path = built.folder() / "manifest.json"
    for at in range(path.stat().st_size):
        flip(path, at)
        with pytest.raises(DamagedSnapshot):
            read_manifest(path.parent)
        flip(path, at)
    read_manifest(path.parent)


json_values = st.recursive(
    st.none() | st.integers() | st.text() | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(st.dictionaries(st.text(min_size=1), json_values, max_size=4))
def test_a_sealed_manifest_reads_back(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("m")
    manifest = {**content, "format": qa.index.local.manifest.FORMAT, "built_at": "x", "sequence": 3}
    data = seal(manifest)
    place = folder / manifest["id"]
    place.mkdir()
    (place / "manifest.json").write_bytes(data)
    assert read_manifest(place) == manifest


def test_the_id_tells_content_not_time(built):
    manifest = read_manifest(built.folder())
    later = {**manifest, "built_at": "2099-01-01T00:00:00+00:00", "sequence": 99}
    seal(later)
    assert later["id"] == manifest["id"]
    assert later["seal"] != manifest["seal"]


def test_all_damaged_files_are_named_at_once(shop):
    shop.build()
    for name in ("tokens.i8", "passages.faiss"):
        flip(shop.folder() / name, 5)
    with pytest.raises(DamagedSnapshot, match=r"passages.faiss is altered; tokens.i8 is altered"):
        verify_files(shop.folder(), read_manifest(shop.folder()))


def test_other_formats_and_models_are_told_apart_from_damage(shop, monkeypatch):
    shop.build()
    with pytest.raises(MismatchedSnapshot, match="model weights fake-1, but other is in use"):
        open_snapshot(shop.index, current_id(shop.index), weights="other")
    path = shop.folder() / "manifest.json"
    path.write_text(json.dumps({"format": 1, "id": path.parent.name}))
    with pytest.raises(
        MismatchedSnapshot, match=f"built with format 1, but {qa.index.local.manifest.FORMAT} is in use"
    ):
        open_snapshot(shop.index, path.parent.name)
    assert shop.build().published


@pytest.mark.parametrize("content", [b"", b"\n", b"0123", b"../../etc/passwd\n", b"\xff" * 16])
def test_a_current_that_names_nothing_is_damage(shop, content):
    shop.build()
    (shop.index / "CURRENT").write_bytes(content)
    with pytest.raises(DamagedSnapshot, match="names no snapshot"):
        current_id(shop.index)
    assert shop.build().published, "a build mends it"
    shop.open().close()


def test_a_missing_current_beside_snapshots_is_damage(shop):
    first = shop.build().snapshot
    (shop.index / "CURRENT").unlink()
    with pytest.raises(DamagedSnapshot, match=r"CURRENT is missing.*qa build"):
        current_id(shop.index)
    assert shop.build().snapshot == first == current_id(shop.index), "a build mends it"
    (shop.index / "CURRENT").unlink()
    assert roll_back(shop.index) == first == current_id(shop.index), "and so does going back"


def test_no_index_is_told(tmp_path):
    with pytest.raises(NoIndex, match="qa build"):
        current_id(tmp_path)
    with pytest.raises(DamagedSnapshot, match="There is no snapshot 0000"):
        open_snapshot(tmp_path, "0" * 16)


def test_a_build_sets_damage_aside_and_deletes_nothing(shop):
    first = shop.build().snapshot
    flip(shop.folder() / "tokens.i8", 3)
    damaged = (shop.folder() / "tokens.i8").read_bytes()
    again = shop.build()
    assert again.snapshot == first, "the same documents are the same snapshot"
    assert again.published
    shop.open().close()
    assert (shop.index / "snapshots" / f"{first}.damaged-1" / "tokens.i8").read_bytes() == damaged
    flip(shop.folder() / "tokens.i8", 3)
    shop.build()
    assert (shop.index / "snapshots" / f"{first}.damaged-2").exists()


def test_what_is_whole_elsewhere_is_not_encoded_again(shop):
    shop.build()
    shop.put("mill.txt", "The Mill\n\nThe mill is closed.")
    shop.build()
    flip(shop.folder() / "tokens.i8", 3)
    assert shop.build().encoded == 1, "the older snapshot has the rest"


DEEP = b"[" * 100_000


def test_a_manifest_nested_without_end_is_damage_like_any_other(shop):
    first, second, third = three(shop)
    for each in (second, third):
        (shop.folder(each) / "manifest.json").write_bytes(DEEP)
    with pytest.raises(DamagedSnapshot, match=r"manifest\.json cannot be read .it is nested too deeply"):
        read_manifest(shop.folder(third))
    with newest(shop) as found:
        assert found == first
    assert shop.build().published


def test_a_report_and_a_note_of_progress_nested_without_end_are_none(tmp_path):
    for name, read in ((REPORT, read_report), (PROGRESS, read_progress)):
        (tmp_path / name).write_bytes(DEEP)
        assert read(tmp_path) is None


def test_newest_whole_prefers_current_then_the_newest(shop):
    first, second, third = three(shop)
    with newest(shop) as found:
        assert found == third
    flip(shop.folder(third) / "tokens.i8", 0)
    with newest(shop) as found:
        assert found == second
    roll_back(shop.index, first)
    with newest(shop) as found:
        assert found == first
    for each in (first, second):
        (shop.folder(each) / "manifest.json").unlink()
    with newest(shop) as found:
        assert found is None


class newest:  # noqa: N801
    def __init__(self, shop):
        self.snapshot = newest_whole(shop.index)

    def __enter__(self):
        return self.snapshot and self.snapshot.id

    def __exit__(self, *_):
        if self.snapshot:
            self.snapshot.close()


def test_rollback_names_the_newest_other_or_the_one_asked_for(shop):
    first, second, third = three(shop)
    assert roll_back(shop.index) == second
    assert rolled_back(shop.index) == [third]
    assert roll_back(shop.index) == first
    assert rolled_back(shop.index) == [third, second]
    with pytest.raises(UnknownSnapshot, match="no other whole snapshot"):
        roll_back(shop.index)
    with pytest.raises(UnknownSnapshot, match="--list"):
        roll_back(shop.index, "f" * 16)
    assert roll_back(shop.index, third) == third
    assert rolled_back(shop.index) == [second, first]


def test_rollback_refuses_damage(shop):
    first, second, third = three(shop)
    flip(shop.folder(second) / "tokens.i8", 0)
    with pytest.raises(DamagedSnapshot, match=r"tokens\.i8"):
        roll_back(shop.index, second)
    assert current_id(shop.index) == third
    assert roll_back(shop.index) == first


def test_pruning_keeps_the_newest_and_the_current(shop):
    first, second, third = three(shop)
    assert prune(shop.index, 3, third) == []
    assert prune(shop.index, 1, first) == [third, second]
    assert [manifest["id"] for manifest in manifests(shop.index)] == [first]


def test_pruning_leaves_what_it_cannot_read(shop):
    first, second, third = three(shop)
    flip(shop.folder(first) / "manifest.json", 20)
    assert prune(shop.index, 1, third) == [second]
    assert shop.folder(first).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be removed there")
def test_pruning_never_touches_a_snapshot_that_another_process_holds(shop):
    first, second, third = three(shop)
    code = (
        "import sys; from pathlib import Path; from qa.index.local.snapshot import open_snapshot\n"
        "snapshot = open_snapshot(Path(sys.argv[1]), sys.argv[2]); print('open', flush=True); sys.stdin.read()\n"
        "print(snapshot.document('mill').text)"
    )
    root = str(Path(__file__).parent.parent)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(shop.index), first],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    ) as holder:
        assert holder.stdout.readline() == "open\n"
        assert prune(shop.index, 1, third) == [second]
        assert shop.folder(first).exists()
        said, _ = holder.communicate("")
    assert "repainted 0 times" in said
    assert prune(shop.index, 1, third) == [first]


def test_a_reader_that_failed_to_open_holds_nothing(shop):
    first, _, third = three(shop)
    with pytest.raises(MismatchedSnapshot):
        open_snapshot(shop.index, first, weights="other")
    assert prune(shop.index, 2, third) == [first]


@settings(max_examples=15)
@given(st.lists(st.text(max_size=300), min_size=1, max_size=3))
def test_any_text_reads_back_at_its_offsets(tmp_path_factory, texts):
    shop = Workshop(tmp_path_factory.mktemp("shop"), {"sure.txt": "Something sure is here."})
    for number, text in enumerate(texts):
        shop.put(f"{number}.txt", text.encode("utf-8", "surrogatepass"))
    shop.build()
    snapshot = shop.open()
    for row in range(snapshot.size):
        passage = snapshot.passage(row)
        document = snapshot.document(passage.document_id)
        assert document.text[passage.start : passage.end] == passage.text
        for span in passage.sentences:
            assert passage.text[span.start : span.end].strip()
    snapshot.close()


def test_a_closed_snapshot_holds_no_file_even_before_garbage_is_collected(built):
    def opened() -> list[str]:
        return [file.path for file in psutil.Process().open_files() if str(built.folder()) in file.path]

    gc.collect()
    gc.disable()
    try:
        snapshot = built.open()
        snapshot.passage(0)
        assert opened()
        snapshot.close()
        del snapshot
        assert opened() == []
    finally:
        gc.enable()
