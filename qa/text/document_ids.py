"""Ids of documents: a pure function of a document's path in its folder.

1. `NAME.txt`, where NAME has only `a-z`, `0-9`, `_` and `-`: NAME.
2. Such a NAME with another suffix in lower case: `NAME.SUFFIX`. No other id has a dot, so 1 and 2 never collide.
3. Any other path: its letters and digits folded to ASCII, and the first 8 hexadecimal digits of the SHA-256 of the
   path; if nothing of it folds to ASCII, only the first 16 digits.

Two paths of 1 and 3, or of 3, may still collide: `qa.building.folder` then reports the second in the order of paths.
Former ids, from before rule 2, are also computed here, so that old links redirect.
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

    Spellings of a path that differ only in the composition of accents have the same id.
    """
    source = unicodedata.normalize("NFC", source)
    plain = _PLAIN.fullmatch(source)
    if plain:
        return plain["name"] if plain["suffix"] == "txt" else source
    slug = _slug(_stem(source))
    return f"{slug}-{_digest(source)[:_DIGEST_CHARS]}" if slug else _digest(source)[:_LONE_DIGEST_CHARS]


def former_ids(source: str) -> frozenset[str]:
    """The ids that the document at a path may have had before rule 2, without its current id.

    They had no suffix, and for two documents with the same id the second got digits of its path's SHA-256 appended.
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
