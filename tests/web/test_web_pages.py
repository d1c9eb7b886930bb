from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest
import samples_for_tests
from live_server import serving
from page_elements import Page

from qa.answering.citations import quote_digest
from qa.text.site import Site

PAGES = (
    "/",
    "/?q=who+is+the+harbour+master",
    "/?q=winter+mooring+crew+rota+snack",
    "/?q=zebra",
    "/?q=" + quote(samples_for_tests.INJECTION),
    "/documents",
    "/docs",
    "/nope",
    *(f"/documents/{name}" for name in ("harbour", "slides", "hostile", "rightward", "table")),
)


@pytest.fixture
def page(client):
    def load(path: str, status: int = 200) -> Page:
        reply = client.get(path, headers={"accept": "text/html"})
        assert reply.status_code == status
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        return Page(reply.text)

    return load


@pytest.mark.parametrize("path", PAGES)
def test_no_page_runs_or_fetches_anything_but_our_own_files(client, path):
    html = Page(client.get(path, headers={"accept": "text/html"}).text)
    for tag, attributes in html.elements:
        assert tag not in {"img", "style", "iframe", "object"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "action") + (("href",) if tag == "link" else ()):
            assert (attributes.get(name) or "/").startswith("/")
    assert [attributes["src"] for tag, attributes in html.elements if tag == "script"] == [
        next(attributes["src"] for tag, attributes in html.elements if tag == "script")
    ]
    assert "".join(html.texts["script"]) == ""


def test_hostile_text_is_text(page):
    injection = samples_for_tests.INJECTION
    question = f"injection inside text {injection}"
    results = page("/?q=" + quote(question))
    assert injection in "".join(results.texts["blockquote"])
    assert any(injection in title for title in results.texts["title"])
    assert ("input", question) in [(tag, attributes.get("value")) for tag, attributes in results.elements]
    reader = page("/documents/hostile")
    assert injection in reader.texts["h1"][0]
    assert injection in reader.texts["p"][-2] or any(injection in text for text in reader.texts["p"])
    assert "</title><script>alert(2)</script>.txt" in " ".join(page("/documents").texts["span"])


def test_a_result_links_to_its_place_and_says_where_it_is_from(page):
    results = page("/?q=who+is+the+harbour+master")
    link = next(link for link in results.links() if link.startswith("/documents/harbour?quote="))
    assert "&q=who+is+the+harbour+master#c" in link
    assert "Harbour Office · 9 September 2022" in " ".join(" ".join(results.texts["p"]).split())
    assert results.texts["mark"][:2] == ["harbour", "master"]
    assert results.texts["p"][0] == "The documents answer this."


def test_a_footnote_is_shown_with_the_claim(page):
    assert "*Fishing boats pay half of it." in page("/?q=winter+mooring+fee+boats").texts["p"]


def test_a_related_verdict_shows_one_passage_and_folds_the_others(page):
    results = page("/?q=winter+mooring+crew+rota+snack")
    assert "The documents do not seem to say this. Nearest passages:" in results.texts["p"]
    assert "Other passages on the subject" in results.texts["summary"]
    open_or_folded = [
        above for (tag, a), above in zip(results.elements, results.above, strict=True) if tag == "article"
    ]
    assert ["details" in above for above in open_or_folded] == [False] + [True] * (len(open_or_folded) - 1)
    assert len(open_or_folded) > 1


def test_no_answer_shows_no_passage(page):
    results = page("/?q=zebra")
    assert "Nothing in these documents is about this." in results.texts["p"]
    assert "article" not in results.texts


def test_a_corrected_question_is_shown(page):
    hints = page("/?q=who+runs+the+medcal+foundation").texts
    assert "who runs the medical foundation" in hints["q"]
    assert "/?q=who+runs+the+medcal+foundation&exactly=1" in page("/?q=who+runs+the+medcal+foundation").links()
    assert "q" not in page("/?q=who+runs+the+medcal+foundation&exactly=1").texts
    assert "q" not in page("/?q=who+runs+the+medical+foundation").texts


@pytest.mark.parametrize("path", ["/", "/?q=", "/?q=++", "/?fbclid=1"])
def test_without_a_question_there_are_examples_from_the_documents(page, path):
    home = page(path)
    assert "Who runs the harbour?" in home.texts["a"]
    assert "/?q=Who+runs+the+harbour%3F" in home.links()
    assert "select" not in home.texts


def test_the_reader_marks_the_quote_and_leads_onward_and_back(page, client):
    asked = "who runs the harbour and the winter mooring"
    passages = client.get("/api/ask", params={"q": asked}).json()["passages"]
    results = page("/?q=" + quote(asked))
    links = results.quoted()
    reader = page(links[0].partition("#")[0])
    assert " ".join("".join(reader.texts["mark"]).split()) == " ".join(passages[0]["text"].split())
    cited = passages[0]["citation"]
    marks = [attributes for tag, attributes in reader.elements if tag == "mark"]
    assert {"id": f"c{cited['start']}-{cited['end']}", "class": "answers"} in marks, "the page opens at what answers"
    assert {} in marks, "the rest of the passage is marked too"
    rel = {attributes.get("rel"): attributes["href"] for tag, attributes in reader.elements if tag == "a"}
    assert "prev" not in rel
    assert rel["next"] == links[1]
    assert results.links()[0:1] == ["#main"]
    assert "/?q=who+runs+the+harbour+and+the+winter+mooring" in reader.links()
    assert f"1 of {len(passages)}" in " ".join(reader.texts["span"])


def test_a_longer_quote_is_not_taken_for_one_of_the_results(page, client):
    asked = "who runs the harbour and the winter mooring"
    cited = client.get("/api/ask", params={"q": asked}).json()["passages"][0]["citation"]
    place = f"{cited['start']}-{cited['end']}"
    of_results = page(f"/documents/{cited['document_id']}?quote={place}&q={quote(asked)}")
    longer = page(f"/documents/{cited['document_id']}?quote={place}0&q={quote(asked)}")
    assert any(" of " in text for text in of_results.texts["span"])
    assert not any(" of " in text for text in longer.texts["span"])


def test_a_quote_over_several_blocks_is_marked_piece_by_piece(page):
    text = samples_for_tests.slides().text
    reader = page(f"/documents/slides?quote=24-{len(text)}-{quote_digest(text[24:])}")
    assert " ".join(" ".join(reader.texts["mark"]).split()) == " ".join(text[24:].split())
    assert [attributes.get("id") for tag, attributes in reader.elements if tag == "mark"].count(f"c24-{len(text)}") == 1


def test_a_changed_document_says_so(page):
    text = samples_for_tests.harbour().text
    words = "She reports to the town."
    start = text.index(words)
    here = f"{start}-{start + len(words)}-{quote_digest(words)}"
    assert "banner" not in str(page(f"/documents/harbour?quote={here}").elements)
    moved = page(f"/documents/harbour?quote=3-{3 + len(words)}-{quote_digest(words)}")
    assert "".join(moved.texts["mark"]) == words
    assert "at another place" in " ".join(moved.texts["p"])
    assert {"id": f"c3-{3 + len(words)}"} in [attributes for tag, attributes in moved.elements if tag == "mark"]
    lost = page("/documents/harbour?quote=3-27-0123456789ab")
    assert "mark" not in lost.texts
    assert "no longer contains the words that this link cites" in " ".join(lost.texts["p"])
    assert "no longer contains the words that this link cites" in " ".join(
        page("/documents/harbour?quote=nonsense").texts["p"]
    )


def test_the_question_that_led_to_the_reader_may_fail_without_harm(page):
    reader = page(f"/documents/harbour?quote=0-11&q={'x' * 300}")
    assert "".join(reader.texts["mark"]) == "The harbour"


def test_the_original_file_is_for_saving(client):
    reply = client.get("/documents/hostile/original")
    assert reply.headers["content-type"] == "application/octet-stream"
    disposition = reply.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="__title__script_alert_2___script_.txt"; ')
    assert disposition.endswith("filename*=UTF-8''%3C%2Ftitle%3E%3Cscript%3Ealert%282%29%3C%2Fscript%3E.txt")
    assert reply.content.decode() == samples_for_tests.hostile().text


def test_the_documents_page_shows_dates_passages_and_the_build(page):
    text = " ".join(" ".join(page("/documents").texts["main"]).split())
    assert "6 documents in 14 passages, as of 2 October 2025, 14:03 UTC" in text
    assert "Harbour Office · 9 September 2022" in text
    assert "Jo Dock · undated" in text
    assert "May 2021" in text
    assert "failed broken.pdf: not a PDF" in text


def test_one_document_can_be_asked_alone(page):
    home = page("/?document_id=slides")
    assert ("document_id", "slides") in [(a.get("name"), a.get("value")) for _, a in home.elements]
    results = page("/?document_id=slides&q=harbour+leadership")
    assert {link.partition("?")[0] for link in results.quoted()} == {"/documents/slides"}


def test_static_files_are_kept_for_ever_under_their_hash(client, page):
    assets = [a.get("href") or a.get("src") for tag, a in page("/").elements if tag in {"link", "script"}]
    hashed = [asset for asset in assets if "?v=" in asset]
    assert len(hashed) == 3
    for asset in hashed:
        reply = client.get(asset)
        assert "immutable" in reply.headers["cache-control"]
        assert client.get(asset.partition("?")[0]).headers["cache-control"] == "no-cache"
        assert client.get(asset + "0").headers["cache-control"] == "no-cache"
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_browsers_can_add_the_search(client, address):
    reply = client.get("/opensearch.xml")
    assert reply.headers["content-type"].startswith("application/opensearchdescription+xml")
    assert f'template="{address}/?q={{searchTerms}}"' in reply.text


def test_pages_carry_the_sites_name_and_description(page, client, shared_service):
    home = page("/")
    assert home.texts["h1"] == ["Ask about Elsmouth"]
    assert "Quotations from the harbour's papers" in home.words()
    named = {a.get("property") or a.get("name"): a.get("content") for tag, a in home.elements if tag == "meta"}
    assert named["og:title"] == named["og:site_name"] == "Ask about Elsmouth"
    assert named["description"] == named["og:description"] == "Quotations from the harbour's papers"
    assert page("/documents").texts["title"] == ["Documents – Ask about Elsmouth"]
    reader = page("/documents/harbour?quote=4-11")
    told = {a.get("property"): a.get("content") for tag, a in reader.elements if tag == "meta"}
    assert told["og:title"] == "The harbour of Elsmouth – Ask about Elsmouth"
    assert told["og:description"] == "“harbour”"
    search = client.get("/opensearch.xml").text
    assert "<ShortName>Elsmouth</ShortName>" in search
    assert "<LongName>Ask about Elsmouth</LongName>" in search


def test_a_site_without_a_name_asks_the_documents(shared_service):
    named, shared_service.own_site = shared_service.own_site, Site()
    try:
        with serving(shared_service) as address:
            home = Page(httpx.get(address).text)
            assert home.texts["h1"] == ["Ask the documents"]
            assert "<ShortName>Documents</ShortName>" in httpx.get(f"{address}/opensearch.xml").text
    finally:
        shared_service.own_site = named


def test_the_description_of_the_api_shows_every_route_and_a_request(page, address):
    docs = page("/docs")
    described = client_routes(docs)
    assert "GET /api/ask" in described
    assert "POST /api/ask" in described
    requests = [text for text in docs.texts["pre"] if text.startswith("curl")]
    assert requests[0] == f"curl '{address}/api/ask?q=who+is+the+COO+of+the+medical+foundation'"
    assert len(requests) == len(described) == 8


def client_routes(docs: Page) -> list[str]:
    return [" ".join(text.split()) for text in docs.texts["h2"] if "/" in text]
