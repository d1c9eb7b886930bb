"""Behind nginx, with a common configuration for websockets, and one connection shared by all clients."""

from __future__ import annotations

import json
import socket
import subprocess
from contextlib import contextmanager

import pytest
import samples_for_tests
from live_server import serving
from raw_http import BEARER, TOKEN, chunked, parse, request
from waiting import PATIENCE_S, until

from qa.settings import Settings
from qa.web.limits.connection import Connection

CONFIGURATION = """
daemon off; master_process off; worker_processes 1;
pid {folder}/pid; error_log {folder}/errors notice;
events {{ worker_connections 64; }}
http {{
    access_log off; client_max_body_size 10m; proxy_buffering off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    upstream answers {{ server {server}; keepalive 1; }}
    proxy_http_version 1.1;
    proxy_set_header Host localhost;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    server {{
        listen unix:{folder}/at-once;
        location / {{ proxy_pass http://answers; proxy_request_buffering off; }}
    }}
    server {{
        listen unix:{folder}/when-whole;
        location / {{ proxy_pass http://answers; }}
    }}
}}
"""
SMUGGLED = request("GET /api/documents/slides HTTP/1.1", host="localhost")
UPGRADES = {
    "no upgrade": (),
    "websocket": ("Connection: Upgrade", "Upgrade: websocket"),
    "http2": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"),
}


class Watched(Connection):
    """Counts the connections and the heads of requests."""

    made = 0
    heads = 0

    def connection_made(self, transport):
        type(self).made += 1
        super().connection_made(transport)

    def on_headers_complete(self):
        super().on_headers_complete()
        type(self).heads += 1


@pytest.fixture
def behind(tmp_path):
    """The folder of a running nginx."""
    Watched.made = Watched.heads = 0
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    settings = Settings(admin_token=TOKEN, seeds_dir=seeds, index_dir=tmp_path / "index")
    with serving(samples_for_tests.service(), settings, connection=Watched) as address:
        told = CONFIGURATION.format(folder=tmp_path, server=address.removeprefix("http://"))
        (tmp_path / "nginx.conf").write_text(told)
        command = ["nginx", "-p", str(tmp_path), "-e", str(tmp_path / "errors"), "-c", str(tmp_path / "nginx.conf")]
        with subprocess.Popen(command) as nginx:
            try:
                until(lambda: can_connect(tmp_path))
                yield tmp_path
            finally:
                nginx.terminate()
                assert nginx.wait(PATIENCE_S) == 0


@contextmanager
def client(folder, name="at-once"):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(folder / name))
        yield connection


def can_connect(folder):
    try:
        with client(folder), client(folder, "when-whole"):
            return True
    except OSError:
        return False


def one_reply(connection):
    """The next reply on a connection that stays open."""
    received = b""
    while True:
        head, end, rest = received.partition(b"\r\n\r\n")
        if end:
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
            if len(rest) >= length:
                assert len(rest) == length, received
                return parse(received)[0]
        piece = connection.recv(1 << 20)
        assert piece, received
        received += piece


def asked(connection, document_id):
    connection.sendall(request(f"GET /api/documents/{document_id} HTTP/1.1"))
    return json.loads(one_reply(connection).body)["id"]


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize("way", ["at once", "body apart", "when whole"])
@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 405), ("DELETE", 401), ("PUT", 401)])
def test_a_body_that_is_a_request_never_shifts_the_replies_of_two_clients(
    behind, upgrade, in_chunks, way, method, status
):
    content = SMUGGLED * (900 if way == "when whole" else 1)  # a large body arrives separately from its head
    framing = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(content)}"
    head = request(f"{method} /api/documents/table HTTP/1.1", framing, *UPGRADES[upgrade])
    body = chunked(content) if in_chunks else content
    with client(behind) as other:
        assert asked(other, "harbour") == "harbour"
        for _ in range(3):
            with client(behind, "when-whole" if way == "when whole" else "at-once") as attacker:
                if way == "body apart":
                    seen = Watched.heads
                    attacker.sendall(head)
                    until(lambda seen=seen: Watched.heads > seen)
                    attacker.sendall(body)
                else:
                    attacker.sendall(head + body)
                reply = one_reply(attacker)
                assert reply.status == status
                assert status != 200 or json.loads(reply.body)["id"] == "table"
                for document_id in ("harbour", "hostile"):
                    assert asked(other, document_id) == document_id
    # nginx itself closes a connection to which it has not sent the whole body when the reply comes.
    assert way != "at once" or Watched.made == 1, "the clients did not share a connection, so this showed nothing"


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("in_chunks", [False, True])
def test_an_upload_through_the_proxy_is_stored_whole(behind, upgrade, in_chunks):
    content = SMUGGLED * 20_000
    framing = "Transfer-Encoding: chunked" if in_chunks else f"Content-Length: {len(content)}"
    with client(behind) as connection:
        connection.sendall(
            request(
                "PUT /api/documents/deep/a.txt HTTP/1.1",
                BEARER,
                framing,
                *UPGRADES[upgrade],
                body=chunked(content[:70_000], content[70_000:]) if in_chunks else content,
            )
        )
        assert one_reply(connection).status == 202
        assert (behind / "seeds/deep/a.txt").read_bytes() == content
        assert asked(connection, "harbour") == "harbour"
