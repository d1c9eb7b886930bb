"""Durable writes: fsync, then atomic rename."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file in one step: a reader sees either the complete old content or the complete new one.

    Args:
        path: The file.
        data: Its new content.
        durable: Whether the new content must be on the disk on return; False for files not needed after a crash.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable:
        flush(path.parent)


def flush(path: Path) -> None:
    """Flush a file or folder to disk; folders cannot be flushed on Windows."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def files_below(folder: Path) -> list[Path]:
    """Every file in a folder and its subfolders, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
