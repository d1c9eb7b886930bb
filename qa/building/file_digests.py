"""Stores the SHA-256 of source files by size, times and inode, failures of files, and contents of containers.

This only saves time: a file without a stored digest is read again. The digest of a file that changed just before it was
read is not stored, since a further change within the clock's resolution would not be noticed.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import astuple
from pathlib import Path

from qa.containers.container import Member
from qa.text.json_reading import parse_json

FILES = "files.sqlite"
SETTLED_S = 2.0  # minimum age of a file's last change; some file systems have a resolution of two seconds

_FORMAT = 2
_SCHEMA = """
DROP TABLE IF EXISTS digests; DROP TABLE IF EXISTS failures; DROP TABLE IF EXISTS containers;
CREATE TABLE digests (path TEXT PRIMARY KEY, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER, sha256 TEXT)
    WITHOUT ROWID;
CREATE TABLE containers (reader TEXT, suffix TEXT, sha256 TEXT, members TEXT, PRIMARY KEY (reader, suffix, sha256))
    WITHOUT ROWID;
CREATE TABLE failures (reader TEXT, suffix TEXT, sha256 TEXT, reason TEXT, PRIMARY KEY (reader, suffix, sha256))
    WITHOUT ROWID;
"""

Stat = tuple[int, int, int, int]
Identity = tuple[str, str]


class FileDigests:
    """The stored digests and failures of the files of a folder."""

    def __init__(self, index_dir: Path, reader: str) -> None:
        """Read the stored data.

        Args:
            index_dir: The index folder.
            reader: The versions of the loader and of cutting passages, on which failures depend.
        """
        self._path = index_dir / FILES
        self._reader = reader
        self._trusted = True
        self._before: dict[str, tuple[Stat, str]] = {}
        self._failures_before: dict[Identity, str] = {}
        self._containers_before: dict[Identity, str] = {}
        self._now: dict[str, tuple[Stat, str]] = {}
        self._containers: dict[Identity, str] = {}
        with suppress(sqlite3.Error):  # missing or broken
            self._read()

    def distrust(self) -> None:
        """Ignore all stored digests, so that every file is read again."""
        self._trusted = False

    def sha256(self, source: str, stat: os.stat_result) -> str | None:
        """The digest of a file that has not changed since it was read, or None."""
        found = self._before.get(source)
        if not self._trusted or found is None or found[0] != _key(stat):
            return None
        self._now[source] = found
        return found[1]

    def remember(self, source: str, stat: os.stat_result, sha256: str) -> None:
        """Store a file's digest if its last change is old enough.

        Args:
            source: The file's path in the folder.
            stat: Its status before it was read.
            sha256: The digest of the bytes read.
        """
        if max(stat.st_mtime_ns, stat.st_ctime_ns) < time.time_ns() - SETTLED_S * 1e9:
            self._now[source] = (_key(stat), sha256)

    def failure(self, identity: Identity) -> str | None:
        """Why a file with this suffix and SHA-256 could not be read."""
        return self._failures_before.get(identity) if self._trusted else None

    def members(self, container: Identity) -> list[Member] | None:
        """The members of a container with this suffix and SHA-256, or None."""
        known = self._containers_before.get(container) if self._trusted else None
        if known is None:
            return None
        self._containers[container] = known
        return [Member(*fields) for fields in parse_json(known)]

    def remember_members(self, container: Identity, members: Iterable[Member]) -> None:
        """Store the members of a container with this suffix and SHA-256."""
        self._containers[container] = json.dumps([astuple(member) for member in members])

    def save(self, failures: Mapping[Identity, str]) -> None:
        """Write the digests that were used or added, and the failures.

        Raises:
            sqlite3.Error, OSError: the disk is full or cannot be written.
        """
        unchanged = self._now == self._before and self._containers == self._containers_before
        if unchanged and dict(failures) == self._failures_before:
            return
        for attempt in (1, 2):
            try:
                self._write(failures)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                if attempt == 2:
                    raise
                self._path.unlink(missing_ok=True)
            else:
                return

    def _read(self) -> None:
        if not self._path.exists():
            return
        with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                return
            for path, *stat, sha256 in database.execute("SELECT path, size, mtime, ctime, inode, sha256 FROM digests"):
                self._before[path] = (_stat(stat), sha256)
            query = "SELECT suffix, sha256, reason FROM failures WHERE reader = ?"
            for suffix, sha256, reason in database.execute(query, (self._reader,)):
                self._failures_before[suffix, sha256] = reason
            query = "SELECT suffix, sha256, members FROM containers WHERE reader = ?"
            for suffix, sha256, members in database.execute(query, (self._reader,)):
                self._containers_before[suffix, sha256] = members

    def _write(self, failures: Mapping[Identity, str]) -> None:
        with closing(sqlite3.connect(self._path)) as database:
            if database.execute("PRAGMA user_version").fetchone()[0] != _FORMAT:
                database.executescript(_SCHEMA)
                database.execute(f"PRAGMA user_version = {_FORMAT}")
            with database:
                gone = [(path,) for path in self._before if path not in self._now]
                database.executemany("DELETE FROM digests WHERE path = ?", gone)
                new = [item for item in self._now.items() if self._before.get(item[0]) != item[1]]
                database.executemany(
                    "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?)",
                    [(path, *stat, sha256) for path, (stat, sha256) in new],
                )
                for table, found in (("failures", failures), ("containers", self._containers)):
                    database.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two
                    database.executemany(
                        f"INSERT INTO {table} VALUES (?, ?, ?, ?)",  # noqa: S608 - likewise
                        [(self._reader, *identity, value) for identity, value in found.items()],
                    )


def _key(stat: os.stat_result) -> Stat:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def _stat(values: Iterable[int]) -> Stat:
    size, mtime, ctime, inode = values
    return size, mtime, ctime, inode
