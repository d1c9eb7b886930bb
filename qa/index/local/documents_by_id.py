"""Finds documents by their ids, former ones included."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from qa.errors import UnknownDocument
from qa.records import DocumentInfo
from qa.text.document_ids import former_ids

_IDS_LISTED = 10  # in the message for an id that belonged to several documents


class DocumentsById:
    """The documents of an index by id."""

    def __init__(self, documents: Sequence[DocumentInfo]) -> None:
        """Index documents, given in the order of their paths.

        Raises:
            ValueError: two of them have one id.
        """
        self._documents = documents
        self._numbers = {info.id: number for number, info in enumerate(documents)}
        if len(self._numbers) < len(documents):
            raise ValueError("two documents of the index have one id")

    def number(self, document_id: str) -> int:
        """The position of a document.

        Raises:
            UnknownDocument: no document has this id.
        """
        number = self._numbers.get(document_id)
        if number is None:
            raise UnknownDocument(f"No document has the id {document_id!r}.")
        return number

    def present_id(self, document_id: str) -> str:
        """The current id of the document with this id, or else with this former id (`qa.text.document_ids`).

        Raises:
            UnknownDocument: no document has or had it, or several had it; the message lists those.
        """
        if document_id in self._numbers:
            return document_id
        found = self._by_former_id.get(document_id, [])
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(found[:_IDS_LISTED]) + (" and others" if len(found) > _IDS_LISTED else "")
            raise UnknownDocument(f"No document has the id {document_id!r} any more; it was that of {listed}.")
        return self._documents[self.number(document_id)].id

    @cached_property
    def _by_former_id(self) -> dict[str, list[str]]:
        """Current ids by former ones; computed at the first use."""
        found: dict[str, list[str]] = {}
        for info in self._documents:
            for former in former_ids(info.source):
                found.setdefault(former, []).append(info.id)
        return found
