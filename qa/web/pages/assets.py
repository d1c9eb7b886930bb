"""The stylesheet, scripts and icon: read and compressed once, served from memory, cached until they change."""

from __future__ import annotations

import gzip
from hashlib import sha256
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from qa.web.api.compression import LEAST_BYTES, takes_gzip

STATIC_DIR = Path(__file__).parent / "static"

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """Every file of the static folder, by name."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in STATIC_DIR.iterdir() if path.suffix in _MEDIA_TYPES}
        self._in_gzip = {
            name: gzip.compress(data, mtime=0) for name, data in self._files.items() if len(data) >= LEAST_BYTES
        }
        self._versions = {name: sha256(data).hexdigest()[:12] for name, data in self._files.items()}

    def url(self, name: str) -> str:
        """The address of a file; it changes with the file's content."""
        return f"/static/{name}?v={self._versions[name]}"

    def response(self, name: str, asked: Headers, version: str | None = None) -> Response:
        """The reply with a file; a client that asks for this exact version may cache it without limit.

        Args:
            name: The file's name.
            asked: The request's headers, which say whether gzip is accepted.
            version: The version in the address.

        Raises:
            HTTPException: 404, the file does not exist.
        """
        if name not in self._files:
            raise HTTPException(404)
        cache = _FOREVER if version == self._versions[name] else "no-cache"
        headers = {"cache-control": cache}
        body = self._files[name]
        if name in self._in_gzip:
            headers["vary"] = "accept-encoding"
            if takes_gzip(", ".join(asked.getlist("accept-encoding"))):
                headers["content-encoding"] = "gzip"
                body = self._in_gzip[name]
        return Response(body, headers=headers, media_type=_MEDIA_TYPES[Path(name).suffix])
