"""The whole pipeline with the real model: files, a build, a server process, and questions over HTTP."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from waiting import PATIENCE_S, until

from qa.building.build import build
from qa.encode import Encoder
from qa.evaluate.gold import read_gold
from qa.records import Document, Span
from qa.settings import Settings

pytestmark = pytest.mark.model

ROOT = Path(__file__).parent.parent
IDS = {
    "structure": "000_460aa186ae7f76e7",
    "coo": "001_fe88db643a881d9c",
    "workshop": "002_f3a90e4e47b6aeef",
    "model": "003_902d656c33efc392",
    "slides": "004_7f6166ffb6a382c0",
}


def environment(folder: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("QA_")}
    return clean | {
        "QA_SEEDS_DIR": str(folder / "seeds"),
        "QA_INDEX_DIR": str(folder / "index"),
        "QA_PORT": "0",
        "QA_ANSWER_SECONDS": str(PATIENCE_S),
    }


def qa(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "qa", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@contextmanager
def serving(folder: Path) -> Iterator[httpx.Client]:
    """A server process on a free port, and a client of the address that it prints."""
    command = [sys.executable, "-m", "qa", "serve"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(folder), stdout=subprocess.PIPE, text=True)
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.put(line)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        address = ""
        while not address:
            found = re.search(r"http://\S+", lines.get(timeout=PATIENCE_S))
            address = found[0] if found else ""
        with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
            yield client
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        reader.join(PATIENCE_S)
        assert process.stdout
        process.stdout.close()


def ask(client: httpx.Client, question: str, **parameters: object) -> dict[str, Any]:
    response = client.get("/api/ask", params={"q": question, **parameters})
    assert response.status_code == 200, response.text
    return response.json()


def cited(client: httpx.Client, citation: dict[str, Any]) -> str:
    """The text of a citation's document at its offsets."""
    text = client.get(f"/api/documents/{citation['document_id']}").json()["text"]
    return text[citation["start"] : citation["end"]]


@pytest.fixture(scope="module")
def five(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The five documents, built and served."""
    folder = tmp_path_factory.mktemp("five")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    built = qa(folder, "build")
    assert built.returncode == 0, built.stderr
    with serving(folder) as client:
        yield client


# Answers


@pytest.mark.parametrize("question", ["who is the COO of the medical foundation", "Who runs the medical foundation?"])
def test_the_coo_is_named_by_the_passage_that_names_him(five: httpx.Client, question: str) -> None:
    first = ask(five, question)["passages"][0]
    assert first["citation"]["document_id"] == IDS["coo"]
    assert "Binesh Batra, MD, has been named COO of the medical foundation" in first["text"]
    assert cited(five, first["citation"]) == first["text"]
    assert (first["citation"]["publisher"], first["citation"]["date"]) == ("Becker's", "2022-09-09")


@pytest.mark.parametrize(
    ("question", "document", "words"),
    [
        ("When will the full model be in place?", "structure", "by the end of 2022"),
        ("What did Batra do in Downey?", "coo", "area medical director"),
        ("What is the Care Management Institute?", "workshop", "a central place to share ideas"),
        ("Are physicians salaried?", "model", "Physicians are salaried."),
        ("How big is the LMP trust fund?", "slides", "$30M LMP Trust Fund"),
    ],
)
def test_each_document_is_found_by_a_question_that_only_it_answers(
    five: httpx.Client, question: str, document: str, words: str
) -> None:
    first = ask(five, question)["passages"][0]
    assert first["citation"]["document_id"] == IDS[document]
    assert words in first["text"]


def test_a_paragraph_that_two_documents_share_is_one_result(five: httpx.Client) -> None:
    question = "What will the medical foundation organize to manage ambulatory care operations?"
    passages = ask(five, question, k=10)["passages"]
    sharing = [each for each in passages if "will organize expertise, systems, resources and standards" in each["text"]]
    assert len(sharing) == 1
    places = [sharing[0]["citation"], *sharing[0]["also_in"]]
    assert {place["document_id"] for place in places} == {IDS["structure"], IDS["coo"]}
    for place in places:
        assert "will organize expertise, systems, resources and standards" in cited(five, place)


def test_questions_of_our_own_find_their_evidence_and_every_citation_holds(
    five: httpx.Client, seeds: tuple[Document, ...]
) -> None:
    """A lower bound, not a measurement: at most one question may miss its evidence in the first three passages."""
    questions = read_gold(ROOT / "tests" / "golden" / "questions.jsonl", seeds)
    assert len(questions) >= 20
    texts = {each.id: five.get(f"/api/documents/{each.id}").json()["text"] for each in seeds}
    assert texts == {each.id: each.text for each in seeds}
    missed = []
    for each in questions:
        passages = ask(five, each.question, k=3)["passages"]
        for passage in passages:
            citation = passage["citation"]
            assert texts[citation["document_id"]][citation["start"] : citation["end"]] == passage["text"]
        places = [
            (place["document_id"], Span(place["start"], place["end"]))
            for passage in passages
            for place in (passage["citation"], *passage["also_in"])
        ]
        if not any(each.relevant(document, span) for document, span in places):
            missed.append(each.question)
    assert len(missed) <= 1, missed


def test_a_link_of_a_citation_opens_the_document_with_the_quote_marked(five: httpx.Client) -> None:
    first = ask(five, "Are physicians salaried?")["passages"][0]
    page = five.get(first["citation"]["url"])
    assert page.status_code == 200
    marked = re.sub(r"<[^>]+>", "", "".join(re.findall(r"<mark\b[^>]*>(.*?)</mark>", page.text, re.DOTALL)))
    assert "Physicians are salaried." in marked


def test_filters_restrict_what_is_ranked(five: httpx.Client) -> None:
    body = {"question": "Who is the COO?", "k": 3, "filters": {"document_ids": [IDS["slides"]]}}
    response = five.post("/api/ask", json=body)
    assert response.status_code == 200, response.text
    passages = response.json()["passages"]
    assert len(passages) == 3
    assert {each["citation"]["document_id"] for each in passages} == {IDS["slides"]}


def test_a_question_without_a_word_is_refused(five: httpx.Client) -> None:
    response = five.get("/api/ask", params={"q": "  "})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid_question")


# The life of an index


def test_documents_come_and_go_while_the_server_serves(tmp_path: Path, encoder: Encoder) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    settings = Settings(seeds_dir=seeds, index_dir=tmp_path / "index")
    with serving(tmp_path) as client:
        # Before the first build: alive, but not ready, and the error names the command.
        assert client.get("/healthz").status_code == 200
        for response in (client.get("/readyz"), client.get("/api/ask", params={"q": "Who?"})):
            assert (response.status_code, response.json()["error"]["code"]) == (503, "no_index")
            assert "qa build" in response.json()["error"]["message"]

        # Two documents are added and built: the server finds them by itself.
        for name in ("coo", "slides"):
            shutil.copy(ROOT / "seeds" / f"{IDS[name]}.txt", seeds)
        build(settings, encoder=encoder)
        until(lambda: client.get("/readyz").status_code == 200)
        first = ask(client, "Who is the COO of the medical foundation?")["passages"][0]
        assert first["citation"]["document_id"] == IDS["coo"]
        before = client.get("/api/index").json()["snapshot"]

        # One is deleted and the rest is built: it is gone everywhere.
        (seeds / f"{IDS['coo']}.txt").unlink()
        build(settings, encoder=encoder)
        until(lambda: client.get("/api/index").json()["snapshot"] != before)
        answer = ask(client, "Who is the COO of the medical foundation?", k=50)
        places = [place for each in answer["passages"] for place in (each["citation"], *each["also_in"])]
        assert {place["document_id"] for place in places} == {IDS["slides"]}
        listed = client.get("/api/documents").json()["documents"]
        assert [each["id"] for each in listed] == [IDS["slides"]]
        for path in (f"/api/documents/{IDS['coo']}", f"/documents/{IDS['coo']}"):
            assert client.get(path).status_code == 404
        refused = client.get("/api/ask", params={"q": "Who?", "document_id": IDS["coo"]})
        assert (refused.status_code, refused.json()["error"]["code"]) == (404, "unknown_document")
        page = client.get("/", params={"q": "Who is Batra?"}).text
        assert "Batra" not in page.replace("Who is Batra?", "").replace("Who+is+Batra%3F", "")
