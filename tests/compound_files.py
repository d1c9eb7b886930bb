"""Compound files for tests ([MS-CFB], version 3), with every stream in separate sectors."""

from __future__ import annotations

import struct
from itertools import pairwise

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LEAST_BYTES = 4096  # smaller streams would be in the mini stream


def compound_file(streams: dict[str, bytes], storages: tuple[str, ...] = ()) -> bytes:
    """A compound file with these streams, each padded with zeros, and these empty storages.

    All are below its root, or one level deeper: "STORAGE/STREAM".
    """
    padded = {
        name: data.ljust(-(-max(len(data), _LEAST_BYTES) // _SECTOR) * _SECTOR, b"\0") for name, data in streams.items()
    }
    folders = {name.partition("/")[0] for name in streams if "/" in name} | set(storages)
    names = sorted(
        {*streams, *folders},
        key=lambda name: ("/" in name, name.partition("/")[0] * ("/" in name), len(name), name.upper()),
    )
    numbers = {name: number for number, name in enumerate(names, 1)}
    children = {folder: [name for name in names if name.startswith(f"{folder}/")] for folder in folders}
    levels = [[name for name in names if "/" not in name], *children.values()]
    rights = {name: numbers[after] for level in levels for name, after in pairwise(level)}
    directory_sectors = -(-(len(names) + 1) * 128 // _SECTOR)
    starts, at = {}, 1 + directory_sectors
    chain = [_FAT, *range(2, directory_sectors + 1), _END]
    for name, data in padded.items():
        starts[name] = at
        count = len(data) // _SECTOR
        chain += [*range(at + 1, at + count), _END]
        at += count
    entries = _entry("Root Entry", 5, child=1)
    for name in names:
        shown, right = name.rpartition("/")[2], rights.get(name, _FREE)
        if name in padded:
            entries += _entry(shown, 2, start=starts[name], size=len(padded[name]), right=right)
        else:
            first = numbers[children[name][0]] if children[name] else _FREE
            entries += _entry(shown, 1, right=right, child=first)
    entries = entries.ljust(directory_sectors * _SECTOR, b"\0")
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(_SECTOR, b"\xff")
    assert len(fat) == _SECTOR, "one sector of allocation holds the streams of a test"
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, _LEAST_BYTES, _END, 0, _END, 0)
    header += struct.pack("<I", 0).ljust(436, b"\xff")
    return header + fat + entries + b"".join(padded.values())


def _entry(name: str, kind: int, *, start: int = 0, size: int = 0, right: int = _FREE, child: int = _FREE) -> bytes:
    wide = (name + "\0").encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack("<HBB", len(wide), kind, 1)
    return head + struct.pack("<III", _FREE, right, child) + bytes(36) + struct.pack("<IQ", start, size)
