"""Unfinished uploads of a killed server are removed, also while others are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from workshop import Workshop

from qa.index.upload_files import abandon, open_upload, put_in_place, sweep_uploads

ROOT = Path(__file__).parent.parent
# A server during an upload: half of it is written, and no more data arrives.
UPLOADING = """
import asyncio, pathlib, sys
from qa.web.api.uploads import Inbox
from qa.settings import Settings

async def content():
    yield b"x" * 100_000
    print("half", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    yield b"y"

inbox = Inbox(Settings(seeds_dir=pathlib.Path(sys.argv[1]), index_dir=pathlib.Path(sys.argv[2])))
asyncio.run(inbox.put("deep/late.txt", content()))
"""


@pytest.fixture
def shop(tmp_path):
    return Workshop(tmp_path)


def left(shop: Workshop) -> list[Path]:
    return sorted(shop.seeds.rglob(".upload-*"))


def uploading(shop: Workshop) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", UPLOADING, str(shop.seeds), str(shop.index)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "half\n"
    return process


def test_a_build_sweeps_what_a_killed_server_left_and_nothing_that_is_being_written(shop):
    with uploading(shop) as killed, uploading(shop) as living:
        assert len(left(shop)) == 2
        killed.kill()
        killed.wait()
        shop.build()
        (spared,) = left(shop)
        shop.build()
        assert left(shop) == [spared], "however often"
        living.communicate()
        assert living.returncode == 0
    assert left(shop) == []
    assert (shop.seeds / "deep/late.txt").stat().st_size == 100_001


def test_only_uploads_are_swept(shop, tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("Keep.")
    kept = [
        shop.put(name, "x") for name in (".upload-", ".upload-mine", ".upload-0123456789abcdef.txt", "upload-1.txt")
    ]
    (shop.seeds / ".upload-0000000000000001").mkdir()
    (shop.seeds / ".upload-0000000000000002").symlink_to(precious)
    (tmp_path / "elsewhere").mkdir()
    outside = tmp_path / "elsewhere/.upload-0000000000000003"
    outside.write_text("x")
    (shop.seeds / "way").symlink_to(tmp_path / "elsewhere")
    shop.put("deep/.upload-0000000000000004", "x")
    sweep_uploads(shop.seeds)
    assert not (shop.seeds / "deep/.upload-0000000000000004").exists()
    assert all(path.exists() for path in (*kept, precious, outside, shop.seeds / ".upload-0000000000000001"))
    assert (shop.seeds / ".upload-0000000000000002").is_symlink()
    sweep_uploads(tmp_path / "no such folder")


def test_an_upload_is_safe_from_its_opening_until_it_has_its_name(shop):
    with open_upload(shop.seeds) as file:
        sweep_uploads(shop.seeds)
        file.write(b"Whole.")
        file.flush()
        sweep_uploads(shop.seeds)
        put_in_place(file, shop.seeds / "whole.txt")
    abandon(file)
    sweep_uploads(shop.seeds)
    assert (shop.seeds / "whole.txt").read_bytes() == b"Whole."


def test_an_upload_that_is_swept_between_opening_and_locking_begins_again(shop, monkeypatch):
    import qa.index.upload_files

    swept = []
    lock = qa.index.upload_files.lock_now

    def sweep_first(opened):
        if not swept:
            swept.extend(left(shop))
            sweep_uploads(shop.seeds)
        return lock(opened)

    monkeypatch.setattr(qa.index.upload_files, "lock_now", sweep_first)
    with open_upload(shop.seeds) as file:
        assert len(swept) == 1
        assert left(shop) == [Path(file.name)] != swept
