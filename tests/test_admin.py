from __future__ import annotations

import asyncio
import shutil
from functools import partial
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from workshop import TEXTS, Workshop

from qa.builder_lock import BuilderLock, builder_trouble
from qa.errors import InvalidRequest
from qa.inbox import Inbox
from qa.report import REQUEST
from qa.service import Service
from qa.settings import Settings
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
    service = Service(shop.settings, shop.encoder)
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
        assert reply.json() == {"source": "deep/new file.txt", "stored": stored, "build": "asked for"}
        assert (shop.seeds / "deep/new file.txt").read_bytes() == content
        assert (shop.index / REQUEST).exists()
    assert not list(shop.seeds.rglob(".upload*"))
    reply = send("DELETE", "/api/documents/deep/new%20file.txt", headers=BEARER)
    assert (reply.status_code, reply.json()["stored"]) == (202, "removed")
    assert not (shop.seeds / "deep/new file.txt").exists()
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


@pytest.mark.parametrize(
    ("method", "target"),
    [("PUT", "/api/documents/mill.txt"), ("PUT", "/api/documents/new/a.txt"), ("DELETE", "/api/documents/mill.txt"),
     ("POST", "/api/index/rebuild")],
)  # fmt: skip
def test_while_no_builder_is_there_nothing_is_taken_and_all_that_tell_say_so(shop, method, target):
    before = sorted((path, path.is_file() and path.read_bytes()) for path in shop.seeds.rglob("*"))
    service = Service(shop.settings, shop.encoder)
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
    service = Service(plain, shop.encoder)
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


BAD = ["", "/", "/etc/passwd", "../a.txt", "a/../../b.txt", "a//b.txt", "./a.txt", ".hidden.txt", "a/.git/x.txt",
       "~$a.docx", "a\\b.txt", "C:\\a.txt", "c:a.txt", "a\0.txt", "a\n.txt", "con.txt", "a/NUL", "a.txt.", "a.txt ",
       "sources.toml", "Sources.TOML", "x" * 300, "a/" * 9 + "b", "\u202egpj.txt", "a?.txt", "\ud800.txt"]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_names_that_lead_astray_are_refused(shop, name):
    with pytest.raises(InvalidRequest):
        Inbox(shop.settings)._path(name)


def test_links_out_of_the_folder_are_not_followed(shop, tmp_path):
    (tmp_path / "outside").mkdir()
    (shop.seeds / "way").symlink_to(tmp_path / "outside")
    (shop.seeds / "link.txt").symlink_to(tmp_path / "outside/a.txt")
    for name in ("way/a.txt", "link.txt"):
        with pytest.raises(InvalidRequest, match="leads out"):
            Inbox(shop.settings)._path(name)


@given(st.text(max_size=30))
def test_no_name_leaves_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp() / "inside"
    folder.mkdir(exist_ok=True)
    try:
        path = Inbox(Settings(seeds_dir=folder))._path(name)
    except InvalidRequest:
        return
    assert Path(path).resolve().is_relative_to(folder.resolve())
    assert path != folder


def test_the_token_is_not_shown(shop):
    assert TOKEN not in repr(shop.settings)
