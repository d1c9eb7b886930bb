"""Reads files, encodes their passages, and writes their documents into new segments outside the index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qa.building.encode_passages import Encoded, PassageEncoder, ToWrite
from qa.building.folder import SourceFile
from qa.building.read_files import Reading, WholeFiles, content_of, read_files
from qa.building.reuse import Reuse
from qa.building.write_segments import Finished, finished_segments
from qa.encode import Encoder
from qa.index.build_notes import Progress, Step
from qa.index.local.version import Configuration
from qa.reading.documents import make_document
from qa.reading.parser_process import Parser
from qa.reading.sidecar import Details, details_digest
from qa.settings import Settings


@dataclass(frozen=True, slots=True)
class Batch:
    """Files whose documents are written together.

    Attributes:
        files: The files, in the order of their paths.
        details: Their sidecar entries, by source.
        provisional: Sources whose stored documents are from an earlier reading; they are not written again while their
            files cannot be read.
    """

    files: Sequence[SourceFile]
    details: Mapping[str, Details | None]
    provisional: frozenset[str]


class SegmentMaker:
    """Reads the files of a batch, then writes them. `encoded` is the number of newly encoded passages."""

    def __init__(
        self,
        settings: Settings,
        configuration: Configuration,
        batch: Batch,
        reuse: Reuse,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        """Store the arguments; nothing is read yet.

        Args:
            settings: The folders, and the limits of reading.
            configuration: The configuration of the documents.
            batch: The files.
            reuse: Contents and vectors of earlier builds; new ones are added.
            on_progress: Called from time to time, from this thread.
        """
        self._settings, self._configuration, self._batch = settings, configuration, batch
        self._reuse, self._on_progress = reuse, on_progress
        self.encoded = 0

    def read(self, failed: Mapping[str, str], parser: Parser, whole: WholeFiles) -> Reading:
        """Read the files whose content is not stored.

        Args:
            failed: Why other files are not read, by source.
            parser: Reads them.
            whole: Gives their bytes.
        """
        most_bytes = self._settings.max_file_mb << 20
        return read_files(self._batch.files, failed, self._reuse, parser, whole, most_bytes, self._on_progress)

    def write(self, reading: Reading, open_encoder: Callable[[], Encoder]) -> Iterator[Finished]:
        """Write the documents of the files into one segment after another.

        Args:
            reading: The files that were not read, with reasons.
            open_encoder: Loads the model; called only if something needs encoding.
        """
        files = [
            file
            for file in self._batch.files
            if file.source not in reading.missing
            and not (file.source in reading.kept and file.source in self._batch.provisional)
        ]
        if not files:
            return
        encoder = PassageEncoder(self._reuse, self._configuration, open_encoder)
        passages = self._encoded(encoder, lambda: self._documents(files, reading))
        yield from finished_segments(self._settings.index_dir, encoder.complete_configuration(), passages)

    def _documents(self, files: list[SourceFile], reading: Reading) -> Iterator[ToWrite]:
        for file in files:
            content = content_of(file, reading, self._reuse)
            if content:
                details = self._batch.details[file.source]
                document = make_document(file.source, file.sha256, content.parsed, details)
                passages = tuple(replace(passage, document_id=document.id) for passage in content.passages)
                kept = file.source in reading.kept
                yield ToWrite(document, content.parsed.own, passages, details_digest(details), kept)

    def _encoded(self, encoder: PassageEncoder, documents: Callable[[], Iterator[ToWrite]]) -> Iterator[Encoded]:
        """Encode passages and report progress."""
        total, done, passages = encoder.unknown_chars(documents()), 0, 0

        def encoded(text: str) -> None:
            nonlocal done
            done += len(text)
            self.encoded += 1
            self._on_progress(Progress(Step.ENCODING, min(done, total), total))  # more if the journal was damaged

        for each in encoder.encode(documents(), encoded):
            yield each
            passages += 1
        self._on_progress(Progress(Step.WRITING, 0, passages))
        self._on_progress(Progress(Step.WRITING, passages, passages))
