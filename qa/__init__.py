"""Question answering by retrieval: exact quotations from a folder of documents, each with a citation.

The names here are the types of an answer and the errors. `qa.cli.open_service.open_service` returns a service that
answers questions; `qa.building.build.build` makes the index. Each is imported from its own module, since each needs
libraries that the other does not. A program calls `qa.openmp.limit_threads` before it imports either, as the command
line does.
"""

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
