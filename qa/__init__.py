"""Question answering by retrieval: exact quotations from a folder of documents, each with a citation that holds.

The names here are the vocabulary of every answer. `qa.cli.open_service.open_service` opens what answers questions,
`qa.building.build.build` makes the index; each is imported from its own module, since each brings libraries that the
other does without. A program calls `qa.openmp.limit_threads` before it imports either, as the command line does.
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
