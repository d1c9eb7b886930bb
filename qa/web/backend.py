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
        """Answer a question with at most `k` quotes; with `exactly`, nothing in it is corrected.

        Raises:
            RequestError: the question or a filter cannot be used.
            OperatingError: no index can be used.

        """

    def documents(self) -> tuple[DocumentInfo, ...]:
        """Every loaded document, without its text."""

    def document(self, document_id: str) -> Document:
        """One document with its text, by its current or a former id; the result has the current one.

        Raises:
            UnknownDocument: no document has this id, or several had it before.

        """

    def present_id(self, document_id: str) -> str:
        """The current id of the document with this current or former id.

        Raises:
            UnknownDocument: as `document`.

        """

    def status(self) -> IndexStatus:
        """The open snapshot and its date."""

    def shards(self) -> tuple[ShardStatus, ...]:
        """The hosts of every shard; empty if this process has the whole index. Neither blocks nor raises."""

    def original(self, document_id: str) -> Original:
        """The file of a document, open; the caller closes it.

        Raises:
            UnknownDocument: no document has this id, or its file is gone or has changed.
            UnreadableForNow: its drive fails or does not answer.

        """

    def page_picture(self, document: Document, page: int, quote: Span | None) -> Picture:
        """A picture of a page of a document, with a box around the part of a quote on that page.

        Raises:
            NoPicture: the page does not exist or cannot be drawn here.
            UnknownDocument: the document's file is gone or has changed.
            Overloaded: too many pages are waiting to be drawn.

        """

    def ready(self) -> None:
        """Return if questions can be answered.

        Raises:
            OperatingError: they cannot; the message says why.

        """

    def progress(self) -> ProgressReport | None:
        """The progress of the running build; None if none runs."""

    def site(self) -> Site:
        """The site's name, description and example questions; never raises."""

    def report(self) -> BuildReport | None:
        """The report of the last build; None if there is none."""
