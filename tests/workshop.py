"""A folder of documents and an index, for tests that build."""

from __future__ import annotations

from pathlib import Path

from fakes import FakeEncoder

from qa.building.background_merge import merge
from qa.building.build import build
from qa.index.build_notes import BuildReport, Fate
from qa.index.local.index_folder import current_version, segment_path
from qa.index.local.open_version import OpenVersion, open_index
from qa.index.local.version import Version
from qa.settings import Settings

TEXTS = {
    "harbour.txt": (
        "The Harbour\n\nThe harbour of Elden has three piers. The oldest pier was built by Mara Quill in 1871."
    ),
    "ferry.md": "# The Ferry\n\nThe ferry crosses the strait four times a day. It carries forty cars.\n\n- No dogs.\n",
    "mill.txt": "The Mill\n\nThe mill grinds rye on Tuesdays. Its wheel was turned by the brook until 1950.",
}


class Workshop:
    """Settings, documents and builds in one temporary folder."""

    def __init__(self, root: Path, texts: dict[str, str] = TEXTS, **settings: object) -> None:
        self.seeds = root / "seeds"
        self.index = root / "index"
        self.seeds.mkdir(parents=True)
        self.settings = Settings(seeds_dir=self.seeds, index_dir=self.index, **settings)
        self.encoder = FakeEncoder()
        for name, text in texts.items():
            self.put(name, text)

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.seeds / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Atomically: a watching builder could otherwise read half a file.
        whole = path.with_name(".new")
        whole.write_bytes(content.encode() if isinstance(content, str) else content)
        return whole.replace(path)

    def build(self, **options: object) -> BuildReport:
        return build(self.settings, encoder=self.encoder, **options)

    def merge(self) -> int:
        return merge(self.settings)

    def open_index(self) -> OpenVersion:
        return open_index(self.index)

    def version(self) -> Version:
        return current_version(self.index)

    def segments(self, version: Version | None = None) -> list[Path]:
        """The folders of a version's segments."""
        return [segment_path(self.index, entry.id) for entry in (version or self.version()).segments]

    def new_folder(self, version: Version | None = None) -> Path:
        """The folder of the newest segment."""
        return self.segments(version)[-1]


def fates(report: BuildReport) -> dict[str, str]:
    return {file.source: file.fate.value for file in report.files}


def reason(report: BuildReport, source: str) -> str:
    return next(file.reason or "" for file in report.files if file.source == source)


__all__ = ["TEXTS", "Fate", "Workshop", "fates", "reason"]
