"""Converts records to JSON data. What every answer has is converted field by field, which is faster than `asdict`.

The shapes are those of `qa.web.api.reply_models`; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from starlette.responses import Response

from qa.answering.index_status import IndexStatus
from qa.index.build_notes import BuildReport, ProgressReport
from qa.records import Answer, Citation, Document, Quote, ShardStatus
from qa.web.document_list import Listed

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")).encode


def json_response(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON reply that caches must not store.

    A lone surrogate, as in a file name that is not UTF-8, becomes a JSON escape.
    """
    body = _encode(content).encode("utf-8", "backslashreplace")
    return Response(body, status, {"cache-control": "no-store", **(headers or {})}, media_type="application/json")


def answer_data(answer: Answer, *, explain: bool, root: str = "") -> dict[str, Any]:
    """An answer as JSON data.

    Args:
        answer: The answer.
        explain: Whether to include the raw signals of each score and the time of each stage.
        root: The path prefix of the service; addresses begin with it.
    """
    result: dict[str, Any] = {
        "question": answer.question,
        "searched": answer.searched,
        "verdict": answer.verdict.value,
        "confidence": answer.confidence,
        "sure": answer.sure,
        "unmet": answer.unmet,
        "disagreement": [
            {"value": stated.value, "citation": citation_data(stated.citation, root)} for stated in answer.disagreement
        ],
        "undated_left_out": answer.undated_left_out,
        "passages": [_quote_data(quote, root, explain=explain) for quote in answer.passages],
        "snapshot": answer.snapshot,
        "took_ms": answer.took_ms,
    }
    if explain:
        result["stages_ms"] = dict(answer.stages_ms)
    return result


def _quote_data(quote: Quote, root: str, *, explain: bool) -> dict[str, Any]:
    result = {
        "rank": quote.rank,
        "score": quote.score,
        "text": quote.text,
        "headings": quote.headings,
        "highlights": [{"start": span.start, "end": span.end} for span in quote.highlights],
        "tables": [asdict(table) for table in quote.tables],
        "citation": citation_data(quote.citation, root),
        "also_in": [citation_data(citation, root) for citation in quote.also_in],
        "footnotes": [asdict(note) for note in quote.footnotes],
    }
    if explain:
        result["signals"] = dict(quote.signals)
        result["words"] = [asdict(word) for word in quote.words]
    return result


def citation_data(citation: Citation, root: str = "") -> dict[str, Any]:
    """A citation as JSON data; `root` as in `answer_data`."""
    return {
        "document_id": citation.document_id,
        "title": citation.title,
        "publisher": citation.publisher,
        "author": citation.author,
        "date": citation.date,
        "source": citation.source,
        "page": citation.page,
        "pages": list(citation.pages) if citation.pages else None,
        "recognised": citation.recognised,
        "start": citation.start,
        "end": citation.end,
        "url": root + citation.url,
    }


def documents_data(listed: Listed) -> dict[str, Any]:
    """A page of the list of documents."""
    documents = [asdict(document) for document in listed.documents]
    for document in documents:
        del document["recognised"]  # in each citation and, in words, in the document
    return {"documents": documents, "matching": listed.matching, "cursor": listed.cursor}


def document_data(document: Document) -> dict[str, Any]:
    """One document with its blocks and its whole canonical text."""
    return {**asdict(document), "characters": len(document.text)}


def status_data(
    status: IndexStatus,
    shards: Sequence[ShardStatus],
    progress: ProgressReport | None,
    report: BuildReport | None,
) -> dict[str, Any]:
    """The open snapshot and its machines, the progress of a running build, and the last build's report."""
    return {
        **asdict(status),
        "shards": [asdict(shard) for shard in shards],
        "building": asdict(progress) if progress else None,
        "last_build": asdict(report) if report else None,
    }
