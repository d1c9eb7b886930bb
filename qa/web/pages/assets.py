"""The stylesheet, the script and the icon: read once, served from memory, cached for as long as they do not change."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import Response

STATIC_DIR = Path(__file__).parent / "static"

_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    """Every file of the static folder, by name."""

    def __init__(self) -> None:
        self._files = {path.name: path.read_bytes() for path in STATIC_DIR.iterdir() if path.suffix in _MEDIA_TYPES}
        self._versions = {name: sha256(data).hexdigest()[:12] for name, data in self._files.items()}

    def url(self, name: str) -> str:
        """An address that changes with the file's content."""
        return f"/static/{name}?v={self._versions[name]}"

    def response(self, name: str, version: str | None = None) -> Response:
        """The file; a client that asks for exactly this version may cache it for ever.

        Raises:
            HTTPException: 404, there is no such file.

        """
        if name not in self._files:
            raise HTTPException(404)
        cache = _FOREVER if version == self._versions[name] else "no-cache"
        return Response(self._files[name], headers={"cache-control": cache}, media_type=_MEDIA_TYPES[Path(name).suffix])
