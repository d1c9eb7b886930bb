"""Writes one segment to a new folder: documents one after another, in the order of their paths.

A builder that stops at any point leaves an unreferenced folder, which the next build removes. Vectors and texts are
written as a stream; postings and word forms stay in memory until the end, a few hundred bytes a passage.

Guarantees: the same documents give the same bytes. A document or passage that cannot be written ends the writing.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from qa.durable import files_below, flush
from qa.encode.int8 import PassageVectors
from qa.index.local import arrays
from qa.index.local.abbreviations import Found, count_abbreviations, entries
from qa.index.local.arrays import ArrayFiles, fingerprint, map_array
from qa.index.local.passage_arrays import write_passage
from qa.index.local.postings import PostingsWriter, TermKeys
from qa.index.local.texts import TextsWriter
from qa.index.local.vectors.coded_store import CODED_FROM, write_codes
from qa.index.local.version import Configuration, SegmentCounts, SegmentRecord
from qa.index.local.version_files import SEGMENT
from qa.index.local.word_forms import WordFormsWriter, count_forms
from qa.index.typed_json import canonical
from qa.records import Document, Passage
from qa.text.words import terms


class SegmentFolder:
    """The files of an unfinished segment. Call `finish`, or else `abandon`."""

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        """Make the folder.

        Args:
            folder: The folder; it must not exist.
            configuration: The segment's configuration.
        """
        folder.mkdir(parents=True)
        self.path = folder
        self.configuration = configuration
        self.files = ArrayFiles(folder, configuration)
        try:
            self.texts = TextsWriter(folder)
        except BaseException:
            self.files.close()
            raise

    def finish(self) -> SegmentRecord:
        """Close the files, write the vectors' codes if there are many, and `segment.json`, and flush all to disk."""
        counts = {name: self.files.rows(name) for name in (arrays.VECTORS, arrays.TOKENS, arrays.SENTENCES)}
        keys = TermKeys.of(self.texts.finish()).hashes
        self.files.write(arrays.ABBREVIATION_KEYS, np.unique(keys))
        shapes, written = self.files.finish()
        lengths = map_array(self.path, arrays.LENGTHS, shapes[arrays.LENGTHS], self.configuration)
        if counts[arrays.VECTORS] > CODED_FROM:
            vectors = map_array(self.path, arrays.VECTORS, shapes[arrays.VECTORS], self.configuration)
            write_codes(vectors, self.path)
        record = SegmentRecord(
            self.configuration,
            SegmentCounts(
                documents=self.texts.documents,
                passages=counts[arrays.VECTORS],
                tokens=counts[arrays.TOKENS],
                sentences=counts[arrays.SENTENCES],
                terms=int(lengths.sum(dtype=np.int64)),
            ),
            shapes,
            {path.name: written.get(path.name) or fingerprint(path) for path in files_below(self.path)},
        )
        (self.path / SEGMENT).write_bytes(canonical(record))
        for path in (*files_below(self.path), self.path):
            flush(path)
        return record

    def abandon(self) -> None:
        """Remove the files; the next build removes those that cannot be removed now."""
        self.files.close()
        self.texts.close()
        shutil.rmtree(self.path, ignore_errors=True)


class SegmentWriter:
    """Writes one segment. `add` documents in the order of their paths, then `finish`; or else `abandon`."""

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        """Start a segment; see `SegmentFolder`."""
        self._folder = SegmentFolder(folder, configuration)
        self._postings = PostingsWriter(self._folder.files)
        self._forms = WordFormsWriter(self._folder.files)
        self._last = ""

    @property
    def passages(self) -> int:
        """The number of added passages."""
        return self._folder.texts.passages

    def add(
        self,
        document: Document,
        own: Mapping[str, str],
        passages: Iterable[tuple[Passage, bytes, PassageVectors]],
        *,
        sidecar: str = "",
        kept: bool = False,
    ) -> None:
        """Add a document.

        Args:
            document: The document.
            own: The details from its file, without the sidecar's.
            passages: Its passages in order, each with the digest of its encoded texts and its vectors: of at least one
                token and of every sentence.
            sidecar: A digest of the file's sidecar entry.
            kept: Whether the file could not be read and an earlier reading is kept, so that it must be read again.

        Raises:
            ValueError: the document's path is not after the last one's, or a passage differs from its text or has no
                vectors.
        """
        texts = self._folder.texts
        if texts.documents and document.source <= self._last:
            raise ValueError(f"{document.source} does not come after {self._last}")
        forms = count_forms(document.title)  # a name may be only there
        abbreviations: Counter[tuple[Found, str, str]] = Counter()
        for passage, key, vectors in passages:
            if document.text[passage.start : passage.end] != passage.text or passage.document_id != document.id:
                raise ValueError(f"passage {passage.start}-{passage.end} of {document.id} is not its text")
            indexed = "\n".join((*passage.headings, passage.text))
            length = self._postings.add(Counter(terms(indexed)).items())
            write_passage(self._folder.files, texts.documents, passage, vectors, length)
            texts.add_passage(passage, key)
            forms.update(count_forms(indexed))
            abbreviations.update(count_abbreviations(indexed))
        self._forms.add(forms)
        texts.add_abbreviations(entries(abbreviations))
        texts.add_document(document, own, sidecar, kept=kept)
        self._last = document.source

    def finish(self) -> SegmentRecord:
        """Write the remaining files and flush all to disk; return the content of `segment.json`."""
        self._postings.finish()
        self._forms.finish()
        return self._folder.finish()

    def abandon(self) -> None:
        """Remove the files."""
        self._folder.abandon()
