"""The site's name, description and example questions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """An example question with the document that answers it; None if an operator wrote the question."""

    question: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """The site: a name, a one-line description, and example questions."""

    name: str = ""
    description: str = ""
    examples: tuple[Example, ...] = ()

    @property
    def heading(self) -> str:
        """The title of the search page."""
        return f"Ask about {self.name}" if self.name else "Ask the documents"
