from __future__ import annotations

import json
from dataclasses import replace

import pytest
import samples_for_tests
from fake_service import FakeService

from qa.records import (
    Answer,
    Citation,
    Footnote,
    HostStatus,
    Quote,
    QuotedTable,
    ShardStatus,
    Span,
    Stated,
    Verdict,
    WordMatch,
)
from qa.settings import Settings
from qa.web.api import example_replies as samples
from qa.web.api.json_form import answer_data, citation_data, json_response
from qa.web.api.reply_models import (
    AddedModel,
    AnswerModel,
    DocumentModel,
    DocumentsModel,
    ErrorModel,
    IndexModel,
    RemovedByNameModel,
    RemovedModel,
    StoredByNameModel,
    StoredModel,
)
from qa.web.api.request_models import AskBody
from qa.web.app import create_app
from qa.web.pages.api_description import routes_of

QUESTION = "who is the harbour master"


def test_ask_gives_the_promised_fields_and_offsets_that_cut_the_quote_out_of_the_document(client):
    reply = client.get("/api/ask", params={"q": QUESTION, "k": 3})
    assert reply.status_code == 200
    AnswerModel.model_validate_json(reply.content, strict=True)
    answer = reply.json()
    assert answer["question"] == QUESTION
    assert answer["verdict"] == "answered"
    first = answer["passages"][0]
    cited = first["citation"]
    document = client.get(f"/api/documents/{cited['document_id']}").json()
    assert document["text"][cited["start"] : cited["end"]] == first["text"]
    marked = [first["text"][span["start"] : span["end"]] for span in first["highlights"]]
    assert marked == ["harbour", "master", "harbour"]
    assert cited["url"].startswith(f"/documents/harbour?quote={cited['start']}-{cited['end']}-")


def test_get_and_post_give_the_same_answer(client):
    by_get = client.get("/api/ask", params={"q": QUESTION, "k": 2, "document_id": ["harbour", "slides"]}).json()
    body = {"question": QUESTION, "k": 2, "filters": {"document_ids": ["harbour", "slides"]}}
    assert client.post("/api/ask", json=body).json() == by_get


def test_signals_words_and_stages_are_there_only_when_explained(client):
    bare_answer = client.get("/api/ask", params={"q": QUESTION}).json()
    told_answer = client.get("/api/ask", params={"q": QUESTION, "explain": "1"}).json()
    assert set(told_answer) - set(bare_answer) == {"stages_ms"}
    bare, told = bare_answer["passages"][0], told_answer["passages"][0]
    assert set(told) - set(bare) == {"signals", "words"}
    assert told["signals"] == {"dense": 0.7, "bm25": 3.1}


def test_nothing_relevant_is_an_answer(client):
    answer = client.get("/api/ask", params={"q": "zebra"}).json()
    assert (answer["verdict"], answer["passages"]) == ("none", [])


def test_documents_are_listed_a_page_at_a_time(client):
    first = client.get("/api/documents", params={"limit": 2, "sort": "-size"}).json()
    second = client.get("/api/documents", params={"limit": 2, "sort": "-size", "cursor": first["cursor"]}).json()
    sizes = [entry["characters"] for page in (first, second) for entry in page["documents"]]
    assert len(sizes) == 4
    assert sizes == sorted(sizes, reverse=True)
    assert first["matching"] == 6
    assert [entry["id"] for entry in client.get("/api/documents?query=HARB").json()["documents"]] == ["harbour"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "sort=author", "limit=1&limit=2"])
def test_a_list_that_cannot_be_made_is_refused(client, query):
    reply = client.get(f"/api/documents?{query}")
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "invalid_request"


def test_a_page_after_a_document_that_is_gone_is_not_found(client):
    reply = client.get("/api/documents?cursor=gone")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_document")


def test_documents_and_index(client):
    listed = client.get("/api/documents")
    DocumentsModel.model_validate_json(listed.content, strict=True)
    sources = {entry["id"]: entry["source"] for entry in listed.json()["documents"]}
    assert set(sources) == {"harbour", "slides", "hostile", "rightward", "table", "printed"}
    assert list(sources.values()) == sorted(sources.values())
    for document_id in sources:
        reply = client.get(f"/api/documents/{document_id}")
        document = DocumentModel.model_validate_json(reply.content, strict=True)
        assert all(document.text[block.start : block.end].strip() for block in document.blocks)
    index = client.get("/api/index")
    IndexModel.model_validate_json(index.content, strict=True)
    assert index.json()["documents"] == 6
    assert index.json()["last_build"]["files"][1]["fate"] == "failed"


def test_an_index_on_a_cluster_tells_its_hosts(client, service: FakeService):
    assert client.get("/api/index").json()["shards"] == []
    here = HostStatus("qa-1-0-0", "north", ("000002-ab", "000003-cd"), current=True)
    service.shards_told = (ShardStatus((here, HostStatus("qa-1-0-1", None, (), current=False))),)
    try:
        index = client.get("/api/index")
    finally:
        service.shards_told = ()
    IndexModel.model_validate_json(index.content, strict=True)
    assert index.json()["shards"] == [
        {
            "hosts": [
                {"name": "qa-1-0-0", "machine": "north", "snapshots": ["000002-ab", "000003-cd"], "current": True},
                {"name": "qa-1-0-1", "machine": None, "snapshots": [], "current": False},
            ]
        }
    ]


def test_an_index_without_a_report_says_so(client, service: FakeService):
    report, service.last_report = service.last_report, None
    try:
        assert client.get("/api/index").json()["last_build"] is None
    finally:
        service.last_report = report


CITATION = Citation("d", "T", "P", "A", "2022-09-09", "d.txt", 3, 10, 14, "/documents/d?quote=10-14-x#c10-14")
UNKNOWN = replace(CITATION, document_id="e", publisher=None, author=None, date=None, page=None)


def test_every_field_of_a_citation_is_written():
    written = {
        "document_id": "d",
        "title": "T",
        "publisher": "P",
        "author": "A",
        "date": "2022-09-09",
        "source": "d.txt",
        "page": 3,
        "pages": None,
        "recognised": False,
        "start": 10,
        "end": 14,
        "url": "/documents/d?quote=10-14-x#c10-14",
    }
    assert citation_data(CITATION) == written
    unknown = {"document_id": "e", "publisher": None, "author": None, "date": None, "page": None}
    assert citation_data(UNKNOWN) == written | unknown


def test_every_field_of_a_quote_is_written():
    quote = Quote(
        rank=1,
        score=0.5,
        text="some",
        headings=("H",),
        highlights=(Span(0, 4),),
        citation=CITATION,
        also_in=(UNKNOWN,),
        footnotes=(Footnote("*note", 20, 25),),
        signals={"dense": 0.25},
        tables=(QuotedTable(0, 4, ("H", ""), ((Span(0, 4), None),)),),
        words=(WordMatch("some", 1.5, 0.9, 0.8, True, Span(0, 4)), WordMatch("H", 1.0, 1.0, 1.0, True, None)),
    )
    data = answer_data(Answer("q", "q", Verdict.RELATED, 0.4, (quote,), "s", 1.5), explain=True)
    AnswerModel.model_validate(data)
    word = {"weight": 1.0, "similarity": 1.0, "in_sentence": 1.0, "exact": True}
    assert json.loads(json.dumps(data["passages"])) == [
        {
            "rank": 1,
            "score": 0.5,
            "text": "some",
            "headings": ["H"],
            "highlights": [{"start": 0, "end": 4}],
            "tables": [{"start": 0, "end": 4, "heads": ["H", ""], "rows": [[{"start": 0, "end": 4}, None]]}],
            "citation": citation_data(CITATION),
            "also_in": [citation_data(UNKNOWN)],
            "footnotes": [{"text": "*note", "start": 20, "end": 25}],
            "signals": {"dense": 0.25},
            "words": [
                {
                    "word": "some",
                    "weight": 1.5,
                    "similarity": 0.9,
                    "in_sentence": 0.8,
                    "exact": True,
                    "place": {"start": 0, "end": 4},
                },
                {"word": "H", "place": None, **word},
            ],
        }
    ]


def test_every_field_of_an_answer_is_written():
    answer = Answer("q", "q", Verdict.RELATED, 0.4, (), "s", 1.5, {"encode": 1.25, "search": 0.25})
    answer = replace(answer, unmet=("zebra",), disagreement=(Stated("8 cars", CITATION),), undated_left_out=2)
    data = answer_data(answer, explain=True)
    AnswerModel.model_validate(data)
    assert json.loads(json.dumps(data)) == {
        "question": "q",
        "searched": "q",
        "verdict": "related",
        "sure": False,
        "unmet": ["zebra"],
        "disagreement": [{"value": "8 cars", "citation": citation_data(CITATION)}],
        "undated_left_out": 2,
        "confidence": 0.4,
        "passages": [],
        "snapshot": "s",
        "took_ms": 1.5,
        "stages_ms": {"encode": 1.25, "search": 0.25},
    }


def test_json_keeps_letters_and_survives_lone_surrogates():
    assert json_response({"a": "é 𝒳"}).body == '{"a":"é 𝒳"}'.encode()
    assert json.loads(json_response({"a": "x\udc80"}).body) == {"a": "x\udc80"}
    with pytest.raises(ValueError, match="JSON"):
        json_response({"score": float("nan")})


def test_head_is_answered_like_get_without_a_body(client):
    got, head = client.get("/healthz"), client.head("/healthz")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


def test_openapi_describes_every_route_with_examples_that_hold(client):
    description = client.get("/openapi.json").json()
    routes = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert routes == {
        ("get", "/api/ask"),
        ("post", "/api/ask"),
        ("get", "/api/documents"),
        ("get", "/api/documents/{document_id}"),
        ("get", "/api/files/{path}"),
        ("get", "/api/index"),
        ("get", "/healthz"),
        ("get", "/readyz"),
    }
    for path, methods in description["paths"].items():
        for operation in methods.values():
            content = operation["responses"]["200"]["content"]
            assert content["application/octet-stream" if path.startswith("/api/files/") else "application/json"]
            assert path.startswith("/api/files/") or content["application/json"]["example"]
            assert "422" not in operation["responses"]
    AnswerModel.model_validate(samples.ANSWER)
    DocumentsModel.model_validate(samples.DOCUMENTS)
    DocumentModel.model_validate(samples.DOCUMENT)
    IndexModel.model_validate(samples.INDEX)
    AskBody.model_validate(samples.BODY)
    ErrorModel.model_validate(samples.ERROR)


def test_openapi_describes_what_changes_the_documents_where_that_is_allowed():
    app = create_app(samples_for_tests.service(), Settings(admin_token="a-token-for-the-tests"))
    paths = app.openapi()["paths"]
    described = {(method, path): route for path, methods in paths.items() for method, route in methods.items()}
    secured = {key for key, route in described.items() if "security" in route}
    assert secured == {
        ("post", "/api/documents"),
        ("put", "/api/files/{path}"),
        ("delete", "/api/files/{path}"),
        ("put", "/api/documents/{document_id}"),
        ("delete", "/api/documents/{document_id}"),
        ("post", "/api/index/rebuild"),
    }
    for key in secured:
        assert described[key]["responses"]["202"]["content"]["application/json"]["example"]["build"] == "asked for"
        assert "401" in described[key]["responses"]
    for model, example in (
        (StoredModel, samples.STORED),
        (StoredByNameModel, samples.STORED_BY_NAME),
        (AddedModel, samples.ADDED),
        (RemovedModel, samples.REMOVED),
        (RemovedByNameModel, samples.REMOVED_BY_NAME),
    ):
        model.model_validate(example)
    shown = {(route.method, route.path): route.request for route in routes_of(app.openapi(), "http://localhost")}
    assert shown["POST", "/api/documents"].split(" \\\n  ") == [
        "curl -X POST 'http://localhost/api/documents'",
        '-H "Authorization: Bearer $QA_ADMIN_TOKEN"',
        "-F files=@FILE -F files=@FILE",
    ]
    assert shown["PUT", "/api/files/{path}"].split(" \\\n  ") == [
        "curl -X PUT 'http://localhost/api/files/report.pdf'",
        '-H "Authorization: Bearer $QA_ADMIN_TOKEN"',
        "-H 'Content-Type: application/octet-stream'",
        "--data-binary @FILE",
    ]
