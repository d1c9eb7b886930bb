"""The routes that show a page of a document as a picture."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.citations import find_quote
from qa.errors import NoPicture
from qa.records import Document, Span
from qa.web.api.routing import OnWorkers, counted_as_document, service_of
from qa.web.pages.page_query import asked_from
from qa.web.pages.reader import page_numbers
from qa.web.pages.render import page


class _OnPictureWorkers(OnWorkers):
    pool = "picture_workers"


router = APIRouter(route_class=_OnPictureWorkers, include_in_schema=False)


@router.get("/documents/{document_id}/pages/{number}", dependencies=[Depends(counted_as_document)])
def page_of_document(request: Request, document_id: str, number: str) -> Response:
    """An HTML page with a page of a document as a picture, with a box around the cited quote."""
    document, reference, quote = _quoted(request, document_id)
    asked = asked_from(request.query_params)
    numbers = page_numbers(document)
    shown = _page_number(number)
    return page(
        request,
        "page.html",
        asked=asked,
        document=document,
        picture=service_of(request).page_picture(document, shown, quote),
        number=shown,
        previous=max((each for each in numbers if each < shown), default=None),
        following=min((each for each in numbers if each > shown), default=None),
        reference=reference,
        quote=document.text[quote.start : quote.end] if quote else "",
        query="?" + urlencode([("quote", reference)] * bool(reference) + asked.pairs, errors="replace"),
    )


@router.get("/documents/{document_id}/pages/{number}/picture", dependencies=[Depends(counted_as_document)])
def picture_of_page(request: Request, document_id: str, number: str) -> Response:
    """The picture as a PNG."""
    document, _, quote = _quoted(request, document_id)
    picture = service_of(request).page_picture(document, _page_number(number), quote)
    return Response(picture.png, headers={"cache-control": "private, max-age=600"}, media_type="image/png")


def _quoted(request: Request, document_id: str) -> tuple[Document, str, Span | None]:
    """The document, the quote's reference in the address, and the quote's place in the text."""
    document = service_of(request).document(document_id)
    reference = request.query_params.get("quote", "")
    found = find_quote(document.text, reference) if reference else None
    return document, reference, found.span if found else None


def _page_number(number: str) -> int:
    """Parse a page number in an address.

    Raises:
        NoPicture: it is not a page number.
    """
    if not re.fullmatch(r"[1-9]\d{0,5}", number, re.ASCII):
        raise NoPicture(f"{number[:20]!r} is not the number of a page; pages are counted from 1.")
    return int(number)
