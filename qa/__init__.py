"""Question answering by retrieval: exact quotations from a folder of documents, each with a citation.

The names here are the vocabulary of every answer; each is imported when it is first used. What they leave out is
imported from its own module, since it brings libraries that the others do without:
`qa.cli.open_service.open_service` opens what answers questions, `qa.building.build.build` makes the index. A program
calls `qa.cli.openmp.limit_threads` before it imports either, as the command line does.
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
    """Import a public name when it is first used, so that the program handles Ctrl-C before libraries are imported."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = {"QAError": "qa.errors", "Settings": "qa.settings", "load_settings": "qa.settings"}.get(name, "qa.records")
    return getattr(import_module(module), name)
