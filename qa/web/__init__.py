"""The HTTP service: JSON routes, pages and one shape for every error."""

from __future__ import annotations

from qa.web.app import create_app
from qa.web.backend import Backend

__all__ = ["Backend", "create_app"]
