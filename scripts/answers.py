#!/usr/bin/env python3
"""Write the answers of a running server to a file, so that two versions of the code can be compared line by line.

    scripts/answers.py URL QUESTIONS.jsonl ... >answers.jsonl

Each line of a questions file is JSON with `question`, or with `text` as in BEIR's queries. Each output line is the
whole reply of `/api/ask` with `explain=1`, without the values that differ between runs: the times and the snapshot's
id. Two such files are equal exactly if the code gives the same answers: `cmp before.jsonl after.jsonl`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

_VARYING = ("took_ms", "stages_ms", "snapshot")
_PATIENCE_S = 60


def questions(paths: list[str]) -> Iterator[str]:
    """The questions of some files, in order."""
    for path in paths:
        for line in Path(path).read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            yield record.get("question") or record["text"]


def answer(url: str, question: str) -> dict[str, object]:
    """One reply, also if it is an error."""
    query = urlencode({"q": question, "k": 10, "explain": 1})
    try:
        with urlopen(f"{url}/api/ask?{query}", timeout=_PATIENCE_S) as reply:  # noqa: S310 - the operator's own server
            data = json.load(reply)
    except HTTPError as error:
        data = json.load(error)
    return {name: value for name, value in data.items() if name not in _VARYING}


def main() -> None:
    """Ask every question and print every answer."""
    url, *paths = sys.argv[1:]
    for question in questions(paths):
        print(json.dumps(answer(url.rstrip("/"), question), ensure_ascii=False, sort_keys=True))


if __name__ == "__main__":
    main()
