"""Ids of documents: a pure function of a document's path in its folder.

1. `NAME.txt`, where NAME holds only `a-z`, `0-9`, `_` and `-`: NAME.
2. Such a NAME with another suffix in small letters: `NAME.SUFFIX`. A dot occurs in no other id, so 1 and 2 never meet.
3. Any other path: its letters and digits folded to ASCII, and the first 8 hexadecimal digits of the SHA-256 of the
   path; where nothing of it folds to ASCII, the first 16 digits alone.

Two paths of 1 and 3, or of 3, may still meet: `qa.building.folder` then reports the second by the order of paths.
Former ids, from before rule 2, are kept here so that old links redirect.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from pathlib import PurePosixPath

_PLAIN = re.compile(r"(?P<name>[a-z0-9_-]+)\.(?P<suffix>[a-z0-9]+)", re.ASCII)
_LONGEST_SLUG_CHARS = 80
_DIGEST_CHARS = 8
_LONE_DIGEST_CHARS = 16


def document_id(source: str) -> str:
    """The id of the document at a path, relative to the documents' folder and with forward slashes.

    Spellings of one path that differ only in how accents are composed have one id.
    """
    source = unicodedata.normalize("NFC", source)
    plain = _PLAIN.fullmatch(source)
    if plain:
        return plain["name"] if plain["suffix"] == "txt" else source
    slug = _slug(_stem(source))
    return f"{slug}-{_digest(source)[:_DIGEST_CHARS]}" if slug else _digest(source)[:_LONE_DIGEST_CHARS]


def former_ids(source: str) -> frozenset[str]:
    """The ids that the document at a path may have had before rule 2, without the one that it has now.

    The suffix was left out then, and of two documents with one id the second got digits of its path's SHA-256 behind.
    """
    path = unicodedata.normalize("NFC", source)
    stem = _stem(path)
    if re.fullmatch(r"[a-z0-9_-]+", stem):
        former = stem
    else:
        former = "-".join(filter(None, (_slug(stem), _digest(path)[:_DIGEST_CHARS])))
    return frozenset({former, f"{former}-{_digest(source)[:_DIGEST_CHARS]}"}) - {document_id(source)}


def _stem(source: str) -> str:
    return source.removesuffix(PurePosixPath(source).suffix)


def _slug(stem: str) -> str:
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_LONGEST_SLUG_CHARS]


def _digest(source: str) -> str:
    return sha256(source.encode("utf-8", "surrogateescape")).hexdigest()
