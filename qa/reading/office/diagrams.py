"""Converts diagrams (SmartArt) to lines: the text of each point, in the order shown."""

from __future__ import annotations

from collections import defaultdict

from lxml import etree

from qa.reading.office.names import number, qn
from qa.reading.office.slide_text import words

_NOT_SHOWN = {"pres", "parTrans", "sibTrans"}  # points of presentation and arrows
_DEEPEST = 60


def diagram_lines(root: etree._Element) -> list[str]:
    """The texts of a diagram's points, parents before children.

    Args:
        root: The root of the diagram's data part (`dgm:dataModel`).
    """
    texts: dict[str, str] = {}
    prompts: set[str] = set()
    kinds: dict[str, str] = {}
    for point in root.iter(qn("dgm:pt")):
        name = str(point.get("modelId"))
        kinds[name] = str(point.get("type") or "node")
        body = point.find(qn("dgm:t"))
        texts[name] = "" if body is None else words(body)
        properties = point.find(qn("dgm:prSet"))
        if properties is not None and properties.get("phldr") in ("1", "true"):
            prompts.add(name)
    children: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for link in root.iter(qn("dgm:cxn")):
        if link.get("type") in (None, "parOf"):
            children[str(link.get("srcId"))].append((number(link.get("srcOrd")), str(link.get("destId"))))
    found: list[str] = []
    seen: set[str] = set()
    tops = [name for name, kind in kinds.items() if kind == "doc"]
    for top in (*tops, *kinds):
        pending = [(0, top)]
        while pending:
            depth, name = pending.pop()
            if name in seen or kinds.get(name, "pres") in _NOT_SHOWN or depth > _DEEPEST:
                continue
            seen.add(name)
            if texts.get(name) and name not in prompts:
                found.append(texts[name])
            pending.extend((depth + 1, child) for _, child in sorted(children[name], reverse=True))
    return found
