"""Records of a segment and of a version of the index.

A segment is a folder of documents that never changes; its `segment.json` names every file with its digest, and the
segment's id is the digest of `segment.json`. A version lists segments and the documents removed from them, and has its
own digest as a seal. `qa.index.local.version_files` reads and writes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from qa.index.typed_json import canonical

FORMAT = 8


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the content depends on besides the documents.

    Attributes:
        model: Its name, and the digest of its `weights`.
        loader: The version of the loader; `passages` and `analyser` are the versions of cutting passages and of finding
            words.
        token_bits: The bits of each component of a token vector, one of `qa.encode.token_quantisation.BITS`.
        dimension: A vector's length, 0 in an index without any.
    """

    model: str
    weights: str
    loader: str
    passages: int
    analyser: int
    token_bits: int
    dimension: int

    def difference(self, analyser: int, weights: str | None) -> str:
        """Why an index with this configuration cannot be used; empty if it can.

        Args:
            analyser: The version of the analyser in use.
            weights: The fingerprint of the model in use; None to allow any.

        Returns:
            The difference, such as "model weights 12ab, but 34cd".
        """
        if self.analyser != analyser:
            return f"analyser version {self.analyser}, but {analyser}"
        if weights not in (None, self.weights):
            return f"model weights {self.weights}, but {weights}"
        return ""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file's size and SHA-256."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArrayRecord:
    """An array's type, by NumPy's name, and shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SegmentCounts:
    """The size of a segment, removed documents included. `terms` is the sum of its passages' lengths in terms."""

    documents: int
    passages: int
    tokens: int
    sentences: int
    terms: int


@dataclass(frozen=True, slots=True)
class SegmentRecord:
    """The content of `segment.json`: arrays and files by name."""

    configuration: Configuration
    counts: SegmentCounts
    arrays: Mapping[str, ArrayRecord]
    files: Mapping[str, FileRecord]
    format: int = FORMAT

    @property
    def id(self) -> str:
        """The segment's id: 32 hexadecimal digits, the digest of `segment.json`."""
        return sha256(canonical(self)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class SegmentEntry:
    """A segment of a version: its size, and the rows of its removed documents, ascending."""

    id: str
    documents: int
    passages: int
    terms: int
    removed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionCounts:
    """The size of a version without removed documents."""

    documents: int
    passages: int


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the index.

    `id` depends only on the configuration, the live documents and the subject; `sequence` is higher for newer versions.
    `subject` is the name of what the documents are about; empty if they do not say, as in versions of earlier releases.
    """

    id: str
    sequence: int
    built_at: str
    configuration: Configuration
    counts: VersionCounts
    segments: tuple[SegmentEntry, ...]
    subject: str = ""
    seal: str = ""
    format: int = FORMAT

    @property
    def name(self) -> str:
        """The name in CURRENT, and of the file without its suffix."""
        return f"{self.sequence:06d}-{self.id}"

    def sealed(self) -> Version:
        """The same version with its seal: the SHA-256 of everything else in it, as canonical JSON."""
        rest = {name: value for name, value in asdict(self).items() if name != "seal"}
        return replace(self, seal=sha256(canonical(rest)).hexdigest())


def version_id(configuration: Configuration, documents: Iterable[tuple[str, str]], subject: str = "") -> str:
    """A version's id: 16 hexadecimal digits.

    Args:
        configuration: What the content depends on besides the documents.
        documents: Each live document's path and digest, in the order of the paths.
        subject: The name of what they are about.
    """
    digest = sha256(canonical(configuration))
    if subject:
        digest.update(canonical(subject))
    for path, document in documents:
        digest.update(canonical([path, document]))
    return digest.hexdigest()[:16]
