"""The routes of the pages: search and results, documents, reader, API description. All work without JavaScript."""

from __future__ import annotations

from urllib.parse import quote as percent_encode
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.citations import find_quote
from qa.answering.page_pictures import draws
from qa.answering.service import Service
from qa.errors import RequestError
from qa.records import Citation, Span
from qa.web.api.routes import moved, original_of, status_of
from qa.web.api.routing import OnWorkers, counted, counted_as_document, counted_as_list, on_workers, service_of
from qa.web.api.uploads import Inbox
from qa.web.document_list import Sort, lookups_of
from qa.web.pages.api_description import routes_of
from qa.web.pages.assets import Assets
from qa.web.pages.build_report import shown_files
from qa.web.pages.export import clip_at, exports_of, kept_of, present_document
from qa.web.pages.filters import chosen_of, examples_of, filters_of, offer_of
from qa.web.pages.page_query import Asked, asked_from
from qa.web.pages.reader import find_words, outline_of, view_of
from qa.web.pages.render import page
from qa.web.pages.results import Clip, Neighbours, neighbours_of, reference_of, results_of
from qa.web.pages.wording import DOCUMENT_ORDERS

router = APIRouter(route_class=OnWorkers, include_in_schema=False)

_DOCUMENTS_A_PAGE = 100


async def counted_where_asked(request: Request) -> None:
    """Count the request as a question, if the page's address has one."""
    if request.query_params.get("q", "").strip():
        await counted(request)


@router.get("/", dependencies=[Depends(counted_where_asked)])
def search(request: Request) -> Response:
    """The search page, with an answer if there is a question."""
    service = service_of(request)
    asked = asked_from(request.query_params)
    lookups = lookups_of(request)
    chosen = chosen_of(lookups, asked)
    offer = offer_of(lookups, service, asked, chosen)
    if not asked.question:
        site = service.site()
        examples = examples_of(lookups, asked, chosen, site)
        index = service.status()
        return page(request, "home.html", site=site, asked=asked, offer=offer, index=index, examples=examples)
    answer = service.ask(asked.question, asked.results, filters_of(asked, chosen), exactly=asked.exactly)
    results = results_of(answer, asked, str(request.base_url), lookups.by_id)
    return page(request, "results.html", asked=asked, offer=offer, answer=answer, results=results)


@router.get("/documents", dependencies=[Depends(counted_as_list)])
def documents(request: Request) -> Response:
    """The list of documents, the snapshot's date, and the last build's report."""
    service = service_of(request)
    report = service.report()
    query, wanted = request.query_params.get("query", "").strip(), request.query_params.get("sort", "")
    sort: Sort = next((known for known in DOCUMENT_ORDERS if known == wanted), "source")
    found = lookups_of(request).matching(query, sort)
    last = max(1, -(-len(found) // _DOCUMENTS_A_PAGE))
    number = request.query_params.get("page", "1")
    shown = min(int(number), last) if number.isascii() and number.isdigit() and len(number) < 9 else 1
    shown = max(shown, 1)
    asked = asked_from(request.query_params)
    kept = {name: value for name, value in (("query", query), ("sort", wanted and sort)) if value}
    listed = found[(shown - 1) * _DOCUMENTS_A_PAGE : shown * _DOCUMENTS_A_PAGE]
    wanted_id = request.query_params.get("open", "")
    inbox: Inbox | None = getattr(request.app.state, "inbox", None)
    opened = present_document(service, wanted_id) if any(info.id == wanted_id for info in listed) else None
    return page(
        request,
        "documents.html",
        documents=listed,
        holders={info.id: inbox.file_of(info.source) for info in listed} if inbox else {},
        opened=opened,
        outline=outline_of(opened) if opened else (),
        matching=len(found),
        query=query,
        sort=sort,
        sorts=DOCUMENT_ORDERS,
        asked=asked,
        leaf="?" + f"{asked.query}&" * bool(asked.query) + urlencode({**kept, "page": ""}, errors="replace"),
        index=status_of(request),
        report=report,
        files=shown_files(report) if report else None,
        page=shown,
        last=last,
    )


@router.get("/documents/{document_id}", dependencies=[Depends(counted_as_document)])
def reader(request: Request, document_id: str) -> Response:
    """A document, with the quote of the link marked."""
    document = service_of(request).document(document_id)
    if document.id != document_id:
        return moved(request, f"/documents/{percent_encode(document.id)}")
    asked = asked_from(request.query_params)
    reference = request.query_params.get("quote", "")
    found = find_quote(document.text, reference) if reference else None
    place = "-".join(reference.split("-")[:2])
    citation: Citation | None = None
    clip: Clip | None = None
    keep = ""
    answers: tuple[Span, ...] = ()
    neighbours = _neighbours(request, asked, document_id, place)
    if found:
        start = found.span.start
        if neighbours:
            answers = tuple(Span(start + span.start, start + span.end) for span in neighbours.answers)
        citation, clip = clip_at(document, found.span, str(request.base_url))
        keep = reference_of(citation)
    words = request.query_params.get("find", "").strip()
    matches = find_words(document.text, words)
    return page(
        request,
        "reader.html",
        asked=asked,
        document=document,
        view=view_of(document, found.span if found else None, f"c{place}", answers, matches.places),
        reference=reference,
        place=place,
        found=found,
        clip=clip,
        keep=keep,
        words=words,
        matches=matches,
        neighbours=neighbours,
        is_drawn=draws(document),
        page=citation.page if citation and citation.page else 1,
    )


@router.get("/cite", dependencies=[Depends(counted_as_document)])
def cite_quotes(request: Request) -> Response:
    """The quotes of the address in every citation format, or in one format as a download."""
    given = request.query_params
    kept, lost = kept_of(service_of(request), given.getlist("quote"), str(request.base_url))
    exports = exports_of(kept)
    for export in exports:
        if export.key == given.get("format"):
            disposition = {"content-disposition": f'attachment; filename="{export.file_name}"'}
            return Response(export.text.encode("utf-8", "replace"), headers=disposition, media_type=export.media_type)
    return page(
        request,
        "cite.html",
        asked=asked_from(given),
        kept=kept,
        lost=lost,
        exports=exports,
        save="?" + urlencode([("quote", each) for each in given.getlist("quote")], errors="replace"),
    )


@router.get("/documents/{document_id}/original", dependencies=[Depends(counted_as_document)])
async def original(request: Request, document_id: str) -> Response:
    """The file of a document, or a range of its bytes, as a download: showing it could run its scripts."""
    return await on_workers(request, lambda: original_of(request, document_id), "file_workers")


@router.get("/docs", dependencies=[Depends(counted_as_list)])
def docs(request: Request) -> Response:
    """The API description as a page; /openapi.json has it for programs."""
    routes = routes_of(request.app.openapi(), str(request.base_url).rstrip("/"))
    return page(request, "docs.html", routes=routes)


@router.get("/opensearch.xml")
def opensearch(request: Request) -> Response:
    """The OpenSearch description, by which a browser adds this service to its search engines."""
    media_type = "application/opensearchdescription+xml"
    return page(request, "opensearch.xml", media_type=media_type, base_url=str(request.base_url))


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """A static file."""
    return _asset(request, name)


@router.get("/favicon.ico")
async def favicon(request: Request) -> Response:
    """The icon, for clients that request it at the default address."""
    return _asset(request, "icon.svg")


def _asset(request: Request, name: str) -> Response:
    assets: Assets = request.app.state.assets
    return assets.response(name, request.headers, request.query_params.get("v"))


def _neighbours(request: Request, asked: Asked, document_id: str, place: str) -> Neighbours | None:
    """The quote's position in the results of the link's question; None if that question fails."""
    if not asked.question or not place:
        return None
    service: Service = request.app.state.service.unobserved
    try:
        filters = filters_of(asked, chosen_of(lookups_of(request), asked))
        answer = service.ask(asked.question, asked.results, filters, exactly=asked.exactly)
    except RequestError:
        return None
    return neighbours_of(answer, asked, document_id, place)
