"""The pages: search and results, documents, reader, description of the API. All of it works without JavaScript."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.quote_links import cite, find_quote, pages_at
from qa.errors import RequestError
from qa.records import Span
from qa.web.api.routes import (
    FileRunner,
    Runner,
    Service,
    counted,
    counted_as_document,
    counted_as_list,
    moved,
    status_of,
)
from qa.web.backend import Backend
from qa.web.document_list import Sort, matching
from qa.web.limits.file_reply import FileReply
from qa.web.pages.api_description import routes_of
from qa.web.pages.assets import Assets
from qa.web.pages.build_report import report_of
from qa.web.pages.home import Home
from qa.web.pages.page_query import Asked, asked_from
from qa.web.pages.reader import view_of
from qa.web.pages.render import Pages
from qa.web.pages.results import Clip, Neighbours, clip_of, neighbours_of, results_of
from qa.web.pages.wording import DOCUMENT_ORDERS

router = APIRouter(include_in_schema=False)

_DOCUMENTS_A_PAGE = 100


async def templates(request: Request) -> Pages:
    """The compiled templates, as `create_app` made them."""
    pages: Pages = request.app.state.pages
    return pages


async def static_files(request: Request) -> Assets:
    """The static files, as `create_app` read them."""
    assets: Assets = request.app.state.assets
    return assets


async def counted_where_asked(request: Request) -> None:
    """Count the question, if the page's address holds one."""
    if request.query_params.get("q", "").strip():
        await counted(request)


Templates = Annotated[Pages, Depends(templates)]
StaticFiles = Annotated[Assets, Depends(static_files)]


@router.get("/", dependencies=[Depends(counted_where_asked)])
async def search(request: Request, run: Runner, service: Service, pages: Templates) -> Response:
    """The search box, and under it the answer when there is a question."""
    return await run(lambda: _search(request, service, pages))


def _search(request: Request, service: Backend, pages: Pages) -> Response:
    asked = asked_from(request.query_params)
    home: Home = request.app.state.home
    if not asked.question:
        return pages.render("home.html", asked=asked, home=home.front(service, asked))
    answer = service.ask(asked.question, filters=asked.filters, exactly=asked.exactly)
    front = home.filters(service, asked)
    source_urls = {info.id: info.url for info in front.documents}
    results = results_of(answer, asked, str(request.base_url), source_urls)
    return pages.render("results.html", asked=asked, home=front, results=results)


@router.get("/documents", dependencies=[Depends(counted_as_list)])
async def documents(request: Request, run: Runner, service: Service, pages: Templates) -> Response:
    """What is loaded, from when, and what the last build did."""
    return await run(lambda: _documents(request, service, pages))


def _documents(request: Request, service: Backend, pages: Pages) -> Response:
    query, wanted = request.query_params.get("query", "").strip(), request.query_params.get("sort", "")
    sort: Sort = next((known for known in DOCUMENT_ORDERS if known == wanted), "source")
    found = matching(service.documents(), query, sort)
    last = max(1, -(-len(found) // _DOCUMENTS_A_PAGE))
    number = request.query_params.get("page", "1")
    page = min(int(number), last) if number.isascii() and number.isdigit() and len(number) < 9 else 1
    page = max(page, 1)
    kept = {name: value for name, value in (("query", query), ("sort", wanted and sort)) if value}
    return pages.render(
        "documents.html",
        documents=found[(page - 1) * _DOCUMENTS_A_PAGE : page * _DOCUMENTS_A_PAGE],
        matching=len(found),
        query=query,
        sort=sort,
        sorts=DOCUMENT_ORDERS,
        leaf="?" + urlencode({**kept, "page": ""}, errors="replace"),
        index=status_of(request, service),
        report=report_of(service.report()),
        page=page,
        last=last,
    )


@router.get("/documents/{document_id}", dependencies=[Depends(counted_as_document)])
async def reader(request: Request, run: Runner, service: Service, pages: Templates, document_id: str) -> Response:
    """A document, with the cited quote marked when the link names one."""
    return await run(lambda: _reader(request, service, pages, document_id))


def _reader(request: Request, service: Backend, pages: Pages, document_id: str) -> Response:
    document = service.document(document_id)
    if document.id != document_id:
        return moved(request, f"/documents/{percent_encode(document.id)}")
    asked = asked_from(request.query_params)
    reference = request.query_params.get("quote", "")
    found = find_quote(document.text, reference) if reference else None
    place = "-".join(reference.split("-")[:2])
    clip: Clip | None = None
    answers: tuple[Span, ...] = ()
    neighbours = _neighbours(service, asked, document_id, place)
    if found:
        start = found.span.start
        if neighbours:
            answers = tuple(Span(start + span.start, start + span.end) for span in neighbours.answers)
        text = document.text[start : found.span.end]
        on = pages_at(document, found.span)
        citation = cite(document, found.span, on[0] if on else None, text, on)
        clip = clip_of(citation, text, str(request.base_url), document.url)
    return pages.render(
        "reader.html",
        asked=asked,
        document=document,
        view=view_of(document, found.span if found else None, f"c{place}", answers),
        reference=reference,
        place=place,
        found=found,
        clip=clip,
        neighbours=neighbours,
    )


@router.get("/documents/{document_id}/original", dependencies=[Depends(counted_as_document)])
async def original(request: Request, run: FileRunner, service: Service, document_id: str) -> Response:
    """The file a document was read from, or a range of its bytes; to be saved, not shown, for it may hold anything."""
    return await run(lambda: _original(request, service, document_id))


def _original(request: Request, service: Backend, document_id: str) -> Response:
    file = service.original(document_id)
    try:
        return FileReply(file, request.app.state.files, request.app.state.file_workers, request)
    except HTTPException:
        file.close()
        raise


@router.get("/docs", dependencies=[Depends(counted_as_list)])
async def docs(request: Request, run: Runner, pages: Templates) -> Response:
    """The API for people; /openapi.json is the same for programs."""
    return await run(lambda: _docs(request, pages))


def _docs(request: Request, pages: Pages) -> Response:
    routes = routes_of(request.app.openapi(), str(request.base_url).rstrip("/"))
    return pages.render("docs.html", routes=routes)


@router.get("/opensearch.xml")
async def opensearch(request: Request, pages: Templates) -> Response:
    """Lets a browser add this service to its search engines."""
    media_type = "application/opensearchdescription+xml"
    return pages.render("opensearch.xml", media_type=media_type, base_url=str(request.base_url))


@router.get("/static/{name}")
async def static(request: Request, assets: StaticFiles, name: str) -> Response:
    """A static file."""
    return assets.response(name, request.query_params.get("v"))


@router.get("/favicon.ico")
async def favicon(assets: StaticFiles) -> Response:
    """For those who ask for the icon without reading the page."""
    return assets.response("icon.svg")


def _neighbours(service: Backend, asked: Asked, document_id: str, place: str) -> Neighbours | None:
    """Where the quote stands in the results of the question that led here; a question that fails leads nowhere."""
    if not asked.question or not place:
        return None
    try:
        answer = service.ask(asked.question, filters=asked.filters, exactly=asked.exactly)
    except RequestError:
        return None
    return neighbours_of(answer, asked, document_id, place)
