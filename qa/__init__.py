"""Question answering by retrieval: exact quotations from a folder of documents, each with a citation.

These names are the types of an answer; each is imported at its first use. Other names must be imported from their
modules, since they need large libraries: `qa.cli.open_service.open_service` opens what answers questions,
`qa.building.build.build` makes the index. A program calls `qa.cli.openmp.limit_threads` before it imports either, as
the command line does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qa.errors import QAError
    from qa.records import Answer, Citation, Document, Filters, Passage, Quote, Span, Verdict
    from qa.settings import Settings, load_settings

__all__ = [
    "Answer",
    "Citation",
    "Document",
    "Filters",
    "Passage",
    "QAError",
    "Quote",
    "Settings",
    "Span",
    "Verdict",
    "load_settings",
]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use, so that the program handles Ctrl-C before libraries are imported."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = {"QAError": "qa.errors", "Settings": "qa.settings", "load_settings": "qa.settings"}.get(name, "qa.records")
    return getattr(import_module(module), name)
