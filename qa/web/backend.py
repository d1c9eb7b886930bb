"""The interface of the service that answers: `qa.answering.service.Service` in production, a small fake in tests."""

from __future__ import annotations

from typing import Protocol

from qa.answering.index_status import IndexStatus
from qa.answering.originals import Original
from qa.answering.page_pictures import Picture
from qa.index.build_notes import BuildReport, ProgressReport
from qa.records import Answer, Document, DocumentInfo, Filters, ShardStatus, Span
from qa.text.site import Site


class Backend(Protocol):
    """All methods may block, may be called from several threads at once, and raise only errors of `qa.errors`."""

    def ask(
        self,
        question: str,
        k: int = 5,
        filters: Filters | None = None,
        *,
        explain: bool = False,
        exactly: bool = False,
    ) -> Answer:
        """Answer a question with at most `k` quotes; `exactly` as it is typed, with nothing corrected.

        Raises:
            RequestError: the question or a filter cannot be used.
            OperatingError: there is nothing to answer from.

        """

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every loaded document, without its text."""

    def document(self, document_id: str) -> Document:
        """One document, whole, by its id or by one that it had before; its own id tells which.

        Raises:
            UnknownDocument: no document has this id, or several had it before.

        """

    def present_id(self, document_id: str) -> str:
        """The id of the document that has this id, or had it before.

        Raises:
            UnknownDocument: as `document`.

        """

    def status(self) -> IndexStatus:
        """What is loaded, and since when."""

    def shards(self) -> tuple[ShardStatus, ...]:
        """The hosts of every shard; nothing where this process has the whole index; neither blocks nor raises."""

    def original(self, document_id: str) -> Original:
        """The file a document was read from, open; the caller closes it.

        Raises:
            UnknownDocument: no document has this id, or its file is gone or has changed.
            UnreadableForNow: its drive fails or does not answer.

        """

    def page_picture(self, document: Document, page: int, quote: Span | None) -> Picture:
        """A picture of a page of a document, with a quote of it boxed, if that stands there.

        Raises:
            NoPicture: there is no such page, or it cannot be drawn here.
            UnknownDocument: the document's file is gone or has changed.
            Overloaded: too many pages are waiting to be drawn.

        """

    def ready(self) -> None:
        """Return when questions can be answered.

        Raises:
            OperatingError: they cannot, and why.

        """

    def progress(self) -> ProgressReport | None:
        """How far the running build is; None when none runs."""

    def site(self) -> Site:
        """What the pages call themselves; never raises."""

    def report(self) -> BuildReport | None:
        """What the last build did with every file; None when no build has been reported."""
