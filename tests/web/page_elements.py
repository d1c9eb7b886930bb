from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "hr"}


class Page(HTMLParser):
    """Elements as (tag, attributes), the open tags above each, the text by tag,

    Every element must be closed in order.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.above: list[tuple[str, ...]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.above.append(tuple(self.open))
        self.texts.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.elements if tag == "a"]

    def quoted(self) -> list[str]:
        """The links that open a document at a quote."""
        return [link for link in self.links() if "/documents/" in link and "quote=" in link]

    def words(self, tag: str = "main") -> str:
        """All text inside elements of a tag, with single spaces."""
        return " ".join(" ".join(self.texts.get(tag, [])).split())

    def fields(self) -> dict[str, str | None]:
        """The values of a form's fields, by name."""
        return {a["name"] or "": a.get("value") for _, a in self.elements if "name" in a and "content" not in a}
