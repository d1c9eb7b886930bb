"""What the pages call the site: its name, its description, and questions to begin with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A question, and the document that answers it; None where an operator wrote the question."""

    question: str
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages call themselves: a name, a description in one line, and questions to begin with."""

    name: str = ""
    description: str = ""
    examples: tuple[Example, ...] = ()

    @property
    def heading(self) -> str:
        """The title of the search page."""
        return f"Ask about {self.name}" if self.name else "Ask the documents"
