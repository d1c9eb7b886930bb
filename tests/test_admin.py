from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sys
import threading
import unicodedata
from functools import partial
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workshop import TEXTS, Workshop, fates

from qa.building.build import build
from qa.cli.open_service import open_service
from qa.errors import BuildFailed, InvalidRequest, NameTaken
from qa.index import document_files
from qa.index.build_notes import REQUEST
from qa.index.builder_lock import BuilderLock, builder_trouble
from qa.index.regular_files import digest_regular
from qa.settings import Settings
from qa.text.document_ids import document_id
from qa.text.document_names import landing
from qa.web.api.reply_models import RemovedByNameModel, StoredByNameModel
from qa.web.api.uploads import CALLERS_FAULTS, Inbox
from qa.web.app import create_app

TOKEN = "correct-horse-battery-staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def shop(tmp_path):
    shop = Workshop(tmp_path, admin_token=TOKEN, max_file_mb=1)
    shop.build()
    return shop


@pytest.fixture
def send(shop):
    service = open_service(shop.settings, shop.encoder)
    app = create_app(service, shop.settings)

    def send(method: str, target: str, **options) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, target, **options)

        return asyncio.run(once())

    yield send
    service.close()


def test_a_document_is_put_replaced_and_removed(shop, send):
    for content, stored in ((b"First words.", "added"), (b"Second words.", "replaced")):
        reply = send("PUT", "/api/documents/deep/new%20file.txt", content=content, headers=BEARER)
        assert reply.status_code == 202
        assert reply.json() == {
            "source": "deep/new file.txt",
            "id": document_id("deep/new file.txt"),
            "fate": stored,
            "stored": stored,
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
            "build": "asked for",
            "asked_at": reply.json()["asked_at"],
        }
        StoredByNameModel.model_validate(reply.json())
        assert (shop.seeds / "deep/new file.txt").read_bytes() == content
        assert (shop.index / REQUEST).exists()
    assert not list(shop.seeds.rglob(".upload*"))
    reply = send("DELETE", "/api/documents/deep/new%20file.txt", headers=BEARER)
    RemovedByNameModel.model_validate(reply.json())
    assert (reply.status_code, reply.json()["id"]) == (202, document_id("deep/new file.txt"))
    assert not (shop.seeds / "deep").exists(), "a folder goes with its last file"
    assert send("DELETE", "/api/documents/deep/new%20file.txt", headers=BEARER).json()["error"]["code"] == (
        "unknown_document"
    )


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"},
     {"Authorization": f"Basic {TOKEN}".encode()}, {"Authorization": f"Bearer {TOKEN}x".encode()},
     {"Authorization": b"Bearer \xff"}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "target"),
    [("PUT", "/api/documents/mill.txt"), ("DELETE", "/api/documents/mill.txt"), ("POST", "/api/index/rebuild")],
)
def test_without_the_token_nothing_changes(shop, send, method, target, headers):
    before = (shop.seeds / "mill.txt").read_bytes()
    reply = send(method, target, headers=headers)
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "token_needed"
    assert reply.headers["www-authenticate"] == "Bearer"
    assert (shop.seeds / "mill.txt").read_bytes() == before
    assert not (shop.index / REQUEST).exists()


def test_too_large_a_file_is_refused_by_its_word_and_in_fact(shop, send):
    assert send("PUT", "/api/documents/big.txt", content=b"x" * (2 << 20), headers=BEARER).status_code == 413

    async def chunks():
        for _ in range(20):
            yield b"x" * 100_000

    reply = send("PUT", "/api/documents/big.txt", content=chunks(), headers=BEARER)
    assert reply.status_code == 413
    assert not (shop.seeds / "big.txt").exists()
    assert not list(shop.seeds.rglob(".upload*"))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def error_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


@pytest.mark.parametrize("target", ["mill.txt", "new/deep/mill.txt"])
def test_an_empty_body_is_refused_and_touches_nothing(shop, send, target):
    before, all_before = files_of(shop.seeds), everything_in(shop.seeds)
    reply = send("PUT", f"/api/documents/{target}", content=b"", headers=BEARER)
    assert error_of(reply) == (400, "invalid_request")
    assert "empty" in reply.json()["error"]["message"]
    assert (files_of(shop.seeds), everything_in(shop.seeds)) == (before, all_before)
    assert not (shop.index / REQUEST).exists()


def test_what_is_refused_in_the_middle_leaves_no_folder(shop, send):
    async def chunks():
        for _ in range(20):
            yield b"x" * 100_000

    before = everything_in(shop.seeds)
    reply = send("PUT", "/api/documents/new/deep/big.txt", content=chunks(), headers=BEARER)
    assert error_of(reply) == (413, "request_too_large")
    assert everything_in(shop.seeds) == before


@pytest.mark.parametrize(
    "target",
    ["sources.toml", "sources.toml/x.txt", "SOURCES.toml/x.txt", "%C5%BFources.toml/x.txt", "a%ff.txt", "a.txt%0A",
     "a%0Ab.txt", "%0A", "a%00.txt", "..%2Fa.txt", "con%20.txt", "COM%C2%B9.txt", "CONIN$.txt", "%E2%80%AEgpj.txt"],
)  # fmt: skip
def test_names_that_lead_astray_store_nothing(shop, send, target):
    before = everything_in(shop.seeds)
    reply = send("PUT", f"/api/documents/{target}", content=b"Words.", headers=BEARER)
    assert error_of(reply) == (400, "invalid_request")
    assert everything_in(shop.seeds) == before
    refused = (404, "unknown_document") if "toml/" in target else (400, "invalid_request")
    assert error_of(send("DELETE", f"/api/documents/{target}", headers=BEARER)) == refused


def test_a_folder_that_stands_in_the_sidecars_place_can_be_emptied_and_goes(shop, send):
    shop.put("sources.toml/x.txt", "Words.")
    assert send("DELETE", "/api/documents/sources.toml/x.txt", headers=BEARER).status_code == 202
    assert not (shop.seeds / "sources.toml").exists()
    shop.put("sources.toml", '["mill.txt"]\ntitle = "The Old Mill"\n')
    assert error_of(send("DELETE", "/api/documents/sources.toml", headers=BEARER)) == (400, "invalid_request")
    assert (shop.seeds / "sources.toml").is_file()


@pytest.mark.parametrize(("target", "named"), [("mill.txt/x.txt", "mill.txt"), ("mill.txt/a/x.txt", "mill.txt"),
                                               ("deep", "deep")])  # fmt: skip
def test_a_name_that_another_file_or_folder_has_is_a_conflict(shop, send, target, named):
    shop.put("deep/a.txt", "Words.")
    before = files_of(shop.seeds)
    reply = send("PUT", f"/api/documents/{target}", content=b"Words.", headers=BEARER)
    assert error_of(reply) == (409, "name_taken")
    assert reply.json()["error"]["message"].startswith(f"{named} is a f")
    assert "retry-after" not in reply.headers
    assert files_of(shop.seeds) == before
    assert error_of(send("DELETE", f"/api/documents/{target}", headers=BEARER)) == (404, "unknown_document")


def test_spellings_of_one_name_are_one_document(shop, send):
    composed, decomposed = (unicodedata.normalize(form, "süß/café.txt") for form in ("NFC", "NFD"))
    for name, stored in ((decomposed, "added"), (composed, "replaced")):
        reply = send("PUT", f"/api/documents/{name}", content=stored.encode(), headers=BEARER)
        assert (reply.json()["source"], reply.json()["stored"]) == (composed, stored)
    assert {name for name in files_of(shop.seeds) if "caf" in name} == {composed}
    send("DELETE", f"/api/documents/{decomposed}", headers=BEARER)
    assert not (shop.seeds / composed).parent.exists()


def test_a_file_that_lies_there_in_another_spelling_is_the_one_replaced(shop, send):
    composed, decomposed = (unicodedata.normalize(form, "süß/café.txt") for form in ("NFC", "NFD"))
    shop.put(decomposed, "Old words.")
    reply = send("PUT", f"/api/documents/{composed}", content=b"New words.", headers=BEARER)
    assert reply.json()["stored"] == "replaced"
    assert reply.json()["id"] == document_id(composed) == document_id(decomposed)
    held = {name: content for name, content in files_of(shop.seeds).items() if "caf" in name}
    assert list(held.values()) == [b"New words."]
    assert list(held) == [reply.json()["source"]]
    assert send("DELETE", f"/api/documents/{composed}", headers=BEARER).status_code == 202
    assert not any("caf" in name for name in everything_in(shop.seeds))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT, *CALLERS_FAULTS])
def test_one_table_says_whose_fault_an_error_of_the_disk_is(shop, monkeypatch, code):
    cause = CALLERS_FAULTS[code][0] if code in CALLERS_FAULTS else BuildFailed

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    async def content():
        yield b"Words."

    before = everything_in(shop.seeds)
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(cause, match=r"new/a\.txt cannot be stored"):
        asyncio.run(Inbox(shop.settings).put("new/a.txt", content()))
    assert everything_in(shop.seeds) == before
    monkeypatch.setattr(Path, "unlink", fail)
    if code not in (errno.ENOTDIR, errno.EISDIR):  # then the file does not exist
        with pytest.raises(cause, match=r"mill\.txt cannot be removed"):
            Inbox(shop.settings).remove("mill.txt")


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no locks there")
def test_no_folder_is_removed_as_empty_while_a_file_is_about_to_appear_in_it(tmp_path, monkeypatch):
    upload, put = document_files.Upload(tmp_path, "deep/a.txt"), document_files.put_in_place
    upload.begin()
    upload.write(b"words")
    cleaner = threading.Thread(target=document_files.remove_empty, args=(tmp_path, tmp_path / "deep"))

    def put_late(file, path):
        cleaner.start()
        cleaner.join(0.2)
        put(file, path)

    monkeypatch.setattr(document_files, "put_in_place", put_late)
    assert upload.appear(None)
    cleaner.join()
    assert (tmp_path / "deep/a.txt").read_bytes() == b"words"


def test_folders_are_removed_and_made_at_once_by_several_and_no_upload_is_lost(shop):
    inbox, troubles = Inbox(shop.settings), []

    def keep_putting(name: str) -> None:
        async def content():
            yield name.encode()

        try:
            for _ in range(60):
                asyncio.run(inbox.put(f"shared/deep/{name}", content()))
                inbox.remove(f"shared/deep/{name}")
            asyncio.run(inbox.put(f"shared/deep/{name}", content()))
        except Exception as error:  # noqa: BLE001 - told by the test
            troubles.append(error)

    clients = [threading.Thread(target=keep_putting, args=(f"{number}.txt",)) for number in range(4)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert troubles == []
    assert {path.name for path in (shop.seeds / "shared/deep").iterdir()} == {f"{number}.txt" for number in range(4)}


def test_the_folder_of_documents_itself_is_never_removed(shop):
    for path in shop.seeds.iterdir():
        Inbox(shop.settings).remove(path.name)
    assert shop.seeds.is_dir()


def test_links_are_neither_followed_nor_replaced(shop, tmp_path):
    (tmp_path / "outside").mkdir()
    (shop.seeds / "inside").mkdir()
    (shop.seeds / "way").symlink_to(tmp_path / "outside")
    (shop.seeds / "round").symlink_to(shop.seeds / "inside")
    (shop.seeds / "link.txt").symlink_to(tmp_path / "outside/a.txt")
    (shop.seeds / "loop").symlink_to(shop.seeds / "loop")
    for name in ("way/a.txt", "round/a.txt", "link.txt", "loop/a.txt", "loop"):
        with pytest.raises(InvalidRequest, match="leads out"):
            landing(shop.seeds, name)


@given(name=st.text(max_size=30) | st.from_regex(r"[a-c./~$ é\u0301\u200d]{1,8}", fullmatch=True))
def test_a_name_that_is_taken_comes_back_as_the_source_of_the_next_build(tmp_path_factory, name):
    shop = Workshop(tmp_path_factory.mktemp("names"), {"mill.txt": "The mill grinds rye."})
    inbox = Inbox(shop.settings)

    async def content():
        yield b"Words."

    before = everything_in(shop.seeds.parent)
    try:
        stored = asyncio.run(inbox.put(name, content()))
    except (InvalidRequest, NameTaken):
        assert everything_in(shop.seeds.parent) == before
        return
    assert stored.source == unicodedata.normalize("NFC", name)
    assert (shop.seeds / stored.source).resolve().is_relative_to(shop.seeds.resolve())
    assert fates(build(shop.settings, encoder=shop.encoder)).keys() == {"mill.txt", stored.source}
    assert inbox.remove(name) == stored.source
    assert everything_in(shop.seeds) == {"mill.txt"}


@pytest.mark.parametrize(
    ("method", "target"),
    [("PUT", "/api/documents/mill.txt"), ("PUT", "/api/documents/new/a.txt"), ("DELETE", "/api/documents/mill.txt"),
     ("POST", "/api/index/rebuild")],
)  # fmt: skip
def test_while_no_builder_is_there_nothing_is_taken_and_all_that_tell_say_so(shop, method, target):
    before = sorted((path, path.is_file() and path.read_bytes()) for path in shop.seeds.rglob("*"))
    service = open_service(shop.settings, shop.encoder)
    app = create_app(service, shop.settings, partial(builder_trouble, shop.index))
    lock = BuilderLock(shop.index)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            for there in (False, True, False):
                assert lock.hold() if there else not lock.release()
                reply = await client.request(
                    method, target, headers=BEARER, content=b"New." if method == "PUT" else b""
                )
                index = (await client.get("/api/index")).json()
                page = (await client.get("/documents", headers={"Accept": "text/html"})).text
                if there:
                    assert reply.status_code == 202
                    assert index["trouble"] is None
                    assert "not running" not in page
                    shop.put("mill.txt", TEXTS["mill.txt"])
                    shutil.rmtree(shop.seeds / "new", ignore_errors=True)
                    (shop.index / REQUEST).unlink()
                else:
                    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "builder_missing")
                    assert reply.headers["retry-after"]
                    assert "The builder beside this server is not running" in index["trouble"]
                    assert index["trouble"].split(",")[0] in page
                    assert not (shop.index / REQUEST).exists()
                    assert (await client.request(method, target)).status_code == 401, "strangers learn nothing"
                assert (await client.get("/readyz")).status_code == 200
                assert sorted((path, path.is_file() and path.read_bytes()) for path in shop.seeds.rglob("*")) == before

    try:
        asyncio.run(ask())
    finally:
        service.close()


def test_another_sites_page_may_not_even_with_the_token(send):
    reply = send("POST", "/api/index/rebuild", headers={**BEARER, "Origin": "https://attacker.example"})
    assert reply.status_code == 403


def test_a_build_is_asked_for(shop, send):
    assert send("POST", "/api/index/rebuild", headers=BEARER).status_code == 202
    assert (shop.index / REQUEST).exists()


def test_the_page_has_an_upload_box_only_where_it_works(shop, send):
    page = send("GET", "/documents", headers={"Accept": "text/html"}).text
    assert 'id="upload"' in page
    assert TOKEN not in page
    plain = Settings(seeds_dir=shop.seeds, index_dir=shop.index)
    service = open_service(plain, shop.encoder)
    try:
        app = create_app(service, plain)

        async def ask() -> tuple[httpx.Response, httpx.Response]:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
                return await client.get("/documents"), await client.put("/api/documents/a.txt", headers=BEARER)

        page, put = asyncio.run(ask())
    finally:
        service.close()
    assert 'id="upload"' not in page.text
    assert put.status_code == 405


def test_the_token_is_not_shown(shop):
    assert TOKEN not in repr(shop.settings)


MILL = f'"{sha256(TEXTS["mill.txt"].encode()).hexdigest()}"'


@pytest.mark.parametrize(
    ("name", "condition", "status"),
    [
        ("mill.txt", {"If-None-Match": "*"}, 412),
        ("mill.txt", {"If-None-Match": MILL}, 412),
        ("mill.txt", {"If-None-Match": '"other"'}, 202),
        ("mill.txt", {"If-Match": MILL}, 202),
        ("mill.txt", {"If-Match": "*"}, 202),
        ("mill.txt", {"If-Match": '"other"'}, 412),
        ("new.txt", {"If-None-Match": "*"}, 202),
        ("new.txt", {"If-Match": "*"}, 412),
        ("new.txt", {"If-Match": MILL}, 412),
    ],
)
def test_a_change_is_made_only_under_its_conditions(shop, send, name, condition, status):
    before = {path.name: path.read_bytes() for path in shop.seeds.iterdir()}
    reply = send("PUT", f"/api/documents/{name}", content=b"New words.", headers=BEARER | condition)
    assert reply.status_code == status
    if status == 412:
        assert reply.json()["error"]["code"] == "precondition_failed"
        assert {path.name: path.read_bytes() for path in shop.seeds.iterdir()} == before


def test_a_file_is_read_once_to_ask_the_condition_of_its_removal(shop, send, monkeypatch):
    digested = []

    def digest(folder, path, most):
        digested.append(path.name)
        return digest_regular(folder, path, most)

    monkeypatch.setattr(document_files, "digest_regular", digest)
    assert send("DELETE", "/api/documents/mill.txt", headers=BEARER | {"If-Match": MILL}).status_code == 202
    assert digested == ["mill.txt"]
    absent = send("DELETE", "/api/documents/no/folder.txt", headers=BEARER | {"If-Match": MILL})
    assert error_of(absent) == (412, "precondition_failed")


def test_a_document_is_removed_only_in_the_version_that_is_named(shop, send):
    for tag, status in (('"other"', 412), (MILL, 202)):
        assert send("DELETE", "/api/documents/mill.txt", headers=BEARER | {"If-Match": tag}).status_code == status
        assert (shop.seeds / "mill.txt").exists() == (status == 412)


@pytest.mark.parametrize("header", [{"Content-Range": "bytes 5-14/20"}, {"Content-Encoding": "gzip"}])
def test_a_part_or_a_packed_body_never_takes_the_place_of_a_document(shop, send, header):
    reply = send("PUT", "/api/documents/mill.txt", content=b"New words.", headers=BEARER | header)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request")
    assert "is not supported" in reply.json()["error"]["message"]
    assert (shop.seeds / "mill.txt").read_text() == TEXTS["mill.txt"]


@pytest.mark.parametrize(
    "body", ['{"question": "x", "k": ' + "9" * 5000 + "}", '{"question": ' + "[" * 8000 + "]" * 8000 + "}"]
)
def test_json_that_its_parser_gives_up_on_is_told_to_be_that(send, body):
    reply = send("POST", "/api/ask", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert (
        reply.json()["error"]["message"]
        == "The body is not JSON in UTF-8, or holds a number too long or lists too deep to be read."
    )
