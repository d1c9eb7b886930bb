"""The ten tasks of docs/tasks.md, each run as described there."""

from __future__ import annotations

import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pypdfium2
import pytest
import samples_for_tests
from browser_pages import browsing
from live_server import serving
from page_elements import Page as Elements
from pdf_files import pdf, shown
from playwright.sync_api import Page, expect
from waiting import PATIENCE_S, until

from qa.settings import Settings

ROOT = Path(__file__).parent.parent.parent
TASKS = (ROOT / "docs/tasks.md").read_text()
README = (ROOT / "README.md").read_text()
TOKEN = "open-sesame-open-sesame"
MOST_STEPS = 4
QUESTION = "how many members does Kaiser Permanente have"
FERRIES = pdf([shown("The ferry to Low Island leaves at nine from the north quay.", 72, 700)], title="Ferries")
TIDES = pdf([shown("High water at Elsmouth bridge comes forty minutes after Dover.", 72, 700)], title="Tides")

RUN: dict[str, Callable] = {}


def task(title: str) -> Callable[[Callable], Callable]:
    """The test of a task."""

    def register(test: Callable) -> Callable:
        RUN[title] = test
        return test

    return register


def test_there_are_ten_tasks_of_few_steps_each_with_a_test():
    parts = re.split(r"^## (.+)$", TASKS, flags=re.MULTILINE)[1:]
    steps = {
        title: re.findall(r"^\d+\. ", text, re.MULTILINE) for title, text in zip(parts[::2], parts[1::2], strict=True)
    }
    assert set(steps) == set(RUN)
    assert len(steps) == 10
    assert all(1 <= len(each) <= MOST_STEPS for each in steps.values())


def environment(folder: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith("QA_")}
    own = {"QA_SEEDS_DIR": str(folder / "seeds"), "QA_INDEX_DIR": str(folder / "index"), "QA_PORT": "0"}
    return clean | own | {"QA_ANSWER_SECONDS": str(PATIENCE_S)} | more


def build(folder: Path) -> None:
    command = [sys.executable, "-m", "qa", "build"]
    quick = environment(folder, PYTHONPATH=str(ROOT / "tests/quick_builders"))
    subprocess.run(command, cwd=ROOT, env=quick, check=True, capture_output=True, timeout=PATIENCE_S)


@contextmanager
def served(folder: Path, **more: str) -> Iterator[str]:
    """The address of `qa serve`."""
    command = [sys.executable, "-m", "qa", "serve"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment(folder, **more), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    lines: queue.Queue[str] = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True)
    reader.start()
    try:
        address = None
        while not address:
            address = re.search(r"http://\S+", lines.get(timeout=PATIENCE_S))
        yield address[0]
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        reader.join(PATIENCE_S)
        process.stdout.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The five documents and a PDF, built."""
    folder = tmp_path_factory.mktemp("tasks")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    (folder / "seeds/ferries.pdf").write_bytes(FERRIES)
    build(folder)
    return folder


@pytest.fixture(scope="module")
def kaiser(folder) -> Iterator[str]:
    with served(folder, QA_ADMIN_TOKEN=TOKEN) as address:
        yield address


@pytest.fixture
def site(browser, kaiser) -> Iterator[Page]:
    """The home page as a new user sees it."""
    with browsing(browser, kaiser, viewport={"width": 1280, "height": 800}) as page:
        page.goto("/")
        yield page


def ask(page: Page, question: str) -> None:
    page.locator("#q").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("article.result").first).to_be_visible()


@pytest.mark.model
@pytest.mark.browser
@task("Find a figure and its source")
def test_find_a_figure(site: Page):
    ask(site, QUESTION)
    said = re.compile(r"\d million members")
    expect(site.locator("blockquote mark").filter(has_text=said).first).to_be_visible()
    site.locator("a.open").first.click()
    expect(site.locator(".document mark.answers").first).to_be_in_viewport()
    expect(site.locator(".document mark").filter(has_text=said).first).to_be_visible()


@pytest.mark.model
@pytest.mark.browser
@task("Print an answer with its sources")
def test_print(site: Page, kaiser: str):
    ask(site, QUESTION)
    printed = pypdfium2.PdfDocument(site.pdf())
    text = " ".join("".join(page.get_textpage().get_text_range() for page in printed).split())
    assert text.startswith(QUESTION)
    assert "million members" in text
    link = site.locator(".notes li").first.text_content().split()[-1]
    assert link.startswith(f"{kaiser}/documents/")
    assert link in text.replace(" ", "")


@pytest.mark.model
@pytest.mark.browser
@task("Cite a quote in APA")
def test_cite(site: Page):
    site.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(site, "who is the COO of the medical foundation")
    site.locator("summary", has_text="Cite").first.click()
    site.get_by_role("button", name="Copy: APA").first.click()
    until(lambda: site.evaluate("window.said.includes('Copied')"))
    assert site.evaluate("navigator.clipboard.readText()").startswith("Becker's. (2022, September 9). Binesh Batra")


@pytest.mark.model
@pytest.mark.browser
@task("Save several quotes for a reference manager")
def test_save(site: Page):
    ask(site, QUESTION)
    shown = site.get_by_label("Keep").filter(visible=True)  # folded results follow the first one of their document
    shown.nth(0).check()
    shown.nth(1).check()
    site.get_by_role("button", name="Cite the kept quotes").click()
    with site.expect_download() as download:
        site.get_by_role("link", name="Save as quotes.ris").click()
    assert Path(download.value.path()).read_text().count("TY  - ELEC") == 2


@pytest.mark.model
@pytest.mark.browser
@task("Ask one document only")
def test_ask_one(site: Page):
    site.get_by_role("link", name="Documents", exact=True).click()
    site.get_by_role("link", name=re.compile("Ask only this.*Transformation")).click()
    ask(site, "how many members")
    links = site.locator("a.open").evaluate_all("links => links.map(link => link.pathname)")
    assert set(links) == {"/documents/004_7f6166ffb6a382c0"}


@pytest.mark.model
@pytest.mark.browser
@task("Find a word in a document")
def test_find_a_word(site: Page):
    site.get_by_role("link", name="Documents", exact=True).click()
    site.get_by_role("link", name="Transformation through Partnership: KP LMP Model", exact=True).click()
    site.get_by_label("Find in this document").fill("Partnership")
    site.keyboard.press("Enter")
    expect(site.locator("mark.found").first).to_be_in_viewport()
    assert site.locator(".places a").count() == site.locator("mark.found[id]").count() > 1


@pytest.mark.model
@pytest.mark.browser
@task("See the printed page of a quote")
def test_printed_page(site: Page):
    ask(site, "When does the ferry to Low Island leave?")
    site.get_by_role("link", name="Ferries", exact=True).click()
    site.get_by_role("link", name="Page 1 as printed").click()
    expect(site.get_by_text("The quote is boxed.")).to_be_visible()
    until(lambda: site.get_by_role("img").evaluate("image => image.naturalWidth") == 1000)


@pytest.mark.model
@pytest.mark.browser
@task("Add a PDF and ask it")
def test_add(site: Page, folder: Path):
    site.get_by_role("link", name="Documents", exact=True).click()
    file = {"name": "tides.pdf", "mimeType": "application/pdf", "buffer": TIDES}
    site.get_by_label("Files").set_input_files(file)
    site.locator("#upload").get_by_label("Token").fill(TOKEN)
    site.get_by_role("button", name="Add").click()
    expect(site.locator("#upload-files li")).to_have_text("added tides.pdf")
    site.goto("/")
    until(lambda: site.request.get("/api/index").json()["documents"] == 7)
    ask(site, "When is high water at Elsmouth bridge?")
    expect(site.locator("blockquote").first).to_contain_text("forty minutes after Dover")


@pytest.mark.model
@task("Give the pages a name")
def test_name(folder: Path, kaiser: str):
    sidecar = folder / "seeds/sources.toml"
    sidecar.write_text(sidecar.read_text().replace('name = "Kaiser Permanente"', 'name = "the five papers"'))
    build(folder)
    until(lambda: Elements(httpx.get(kaiser).text).texts["h1"] == ["Ask about the five papers"])


@task("Serve below a path behind nginx")
def test_below_a_path(tmp_path: Path):
    location = re.search(r"^    location /qa/ \{\n(?: {8}.*\n)+    \}", README, re.MULTILINE)[0]
    settings = Settings(root_path="/qa", allowed_hosts=("qa.example",))
    with serving(samples_for_tests.service(), settings) as address:
        (tmp_path / "nginx.conf").write_text(
            f"daemon off; master_process off; worker_processes 1; pid {tmp_path}/pid;"
            f" error_log {tmp_path}/errors; events {{ worker_connections 64; }} http {{ access_log off;"
            f" client_body_temp_path {tmp_path}/a; proxy_temp_path {tmp_path}/b; fastcgi_temp_path {tmp_path}/c;"
            f" uwsgi_temp_path {tmp_path}/d; scgi_temp_path {tmp_path}/e;"
            f" server {{ listen unix:{tmp_path}/nginx.sock;\n"
            f"{location.replace('http://127.0.0.1:8000', address)}\n }} }}"
        )
        command = ["nginx", "-p", str(tmp_path), "-e", str(tmp_path / "errors"), "-c", str(tmp_path / "nginx.conf")]
        with subprocess.Popen(command) as nginx:
            try:
                until((tmp_path / "nginx.sock").exists)
                transport = httpx.HTTPTransport(uds=str(tmp_path / "nginx.sock"))
                with httpx.Client(transport=transport, base_url="http://qa.example", timeout=PATIENCE_S) as client:
                    home = Elements(client.get("/qa/").text)
                    assert home.texts["h1"] == ["Ask about Elsmouth"]
                    results = Elements(client.get("/qa/?q=who+runs+the+harbour").text)
                    assert client.get(results.quoted()[0]).status_code == 200
            finally:
                nginx.terminate()
                assert nginx.wait(PATIENCE_S) == 0
