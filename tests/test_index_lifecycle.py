"""After any changes, an index gives the same answers as one built at once from the same files.

Documents are added, changed, renamed, removed, and get new metadata; segments are merged; versions are rolled back;
builds and merges are killed at any step.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fakes import ParserHere
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from whole_index import answers, contents, signals
from workshop import Workshop

import qa.building.read_files
from qa.answering.service import Service
from qa.errors import UnknownSnapshot
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import current_id, rolled_back, segment_ids, version_names, versions
from qa.index.local.rollback import roll_back

NAMES = ("harbour.txt", "mill.md", "deep/Ferry 2.txt", "a.html")
TEXTS = (
    "The Harbour\n\nThe harbour of Elden has three piers. The oldest pier was built by Mara Quill in 1871.",
    "# The Mill\n\nThe mill grinds rye on Tuesdays. Its wheel was turned by the brook.\n\n## Dogs\n\nNo dogs.",
    "The Ferry\n\nThe ferry carries forty cars and the mill's rye across the strait. No dogs on the ferry.",
    "The Ferry\n\nThe ferry carries forty cars.\n\nThe harbour of Elden has three piers.",
    "<h1>Pier</h1><p>The oldest pier was built by nobody.</p><p>The Harbour harbours dogs.</p>",
    "",
)
_STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "sqlite3.connect")


class Lifecycle(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(qa.building.read_files, "Parser", ParserHere)
        self.root = Path(tempfile.mkdtemp())
        self.shop = Workshop(self.root / "shop", {}, keep_snapshots=3)
        self.known: dict[str, object] = {}  # the results of each version built at once, by id
        self.titles: dict[str, str] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.root)
        self.patch.undo()

    @initialize()
    def begin(self) -> None:
        self.shop.put(NAMES[0], TEXTS[0])
        self.build()

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def write(self, name: str, text: str) -> None:
        self.shop.put(name, text)

    @rule(name=st.sampled_from(NAMES))
    def remove(self, name: str) -> None:
        (self.shop.seeds / name).unlink(missing_ok=True)

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename(self, old: str, new: str) -> None:
        if (self.shop.seeds / old).exists():
            (self.shop.seeds / new).parent.mkdir(exist_ok=True)
            (self.shop.seeds / old).replace(self.shop.seeds / new)

    @rule(name=st.sampled_from(NAMES), title=st.sampled_from(["", "The Old Pier", "Rye"]))
    def describe(self, name: str, title: str) -> None:
        self.titles[name] = title
        tables = [f'["{each}"]\ntitle = "{said}"\n' for each, said in sorted(self.titles.items()) if said]
        self.shop.put("sources.toml", "\n".join(tables))

    @rule(fresh=st.sampled_from([False, False, True]))
    def build(self, *, fresh: bool = False) -> None:
        wanted = self.built_at_once()
        before = None if not version_names(self.shop.index) else current_id(self.shop.index)
        refused = rolled_back(self.shop.index)
        report = self.shop.build(fresh=fresh)
        if wanted in refused and wanted != before:
            assert (report.held_back, report.published, report.snapshot) == (wanted, False, before)
        else:
            assert (report.held_back, report.snapshot) == (None, wanted)
        assert not list(self.shop.index.rglob(".*"))
        named = {entry.id for version in versions(self.shop.index) for entry in version.segments}
        assert set(segment_ids(self.shop.index)) == named

    @rule()
    def merge(self) -> None:
        before = current_id(self.shop.index)
        self.shop.merge()
        assert current_id(self.shop.index) == before

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        ids = sorted({version.id for version in versions(self.shop.index)})
        chosen = data.draw(st.sampled_from([None, *ids]))
        try:
            assert roll_back(self.shop.index, chosen) in ids
        except UnknownSnapshot:
            assert chosen is None

    @precondition(lambda _: hasattr(os, "fork"))
    @rule(at=st.integers(1, 150))
    def kill_a_build(self, at: int) -> None:
        self.built_at_once()
        killed_at(at, self.shop.build)

    @precondition(lambda _: hasattr(os, "fork"))
    @rule(at=st.integers(1, 150))
    def kill_a_merge(self, at: int) -> None:
        killed_at(at, self.shop.merge)

    @invariant()
    def says_what_one_built_at_once_says(self) -> None:
        if version_names(self.shop.index):
            assert said_by(self.shop) == self.known[current_id(self.shop.index)]

    def built_at_once(self) -> str:
        """Build the same files in a new folder, and store its results; returns its id."""
        folder = self.root / "at once"
        other = Workshop(folder, {})
        shutil.rmtree(other.seeds)
        shutil.copytree(self.shop.seeds, other.seeds)
        name = other.build().snapshot
        if name not in self.known:
            self.known[name] = said_by(other)
        shutil.rmtree(folder)
        return name


def said_by(shop: Workshop) -> object:
    """All results of an index."""
    with closing(shop.open_index()) as index:
        found = contents(index), signals(index, shop.encoder)
    service = Service(shop.settings, shop.encoder, CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint))
    try:
        return *found, answers(service)
    finally:
        service.close()


def killed_at(step: int, act: Callable[[], object]) -> None:
    """Run an action in a process that ends abruptly before its n-th disk operation."""
    process = os.fork()
    if process == 0:
        count = 0

        def die(event: str, _: object) -> None:
            nonlocal count
            count += event in _STEPS
            if count == step:
                os._exit(0)

        sys.addaudithook(die)
        # In a new thread, since a fork does not copy the threads of its parent.
        thread = threading.Thread(target=act)
        thread.start()
        thread.join()
        os._exit(0)
    os.waitpid(process, 0)


@pytest.mark.parametrize("at", range(1, 140, 6))
def test_a_build_killed_at_any_step_leaves_a_whole_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork")
    monkeypatch.setattr(qa.building.read_files, "Parser", ParserHere)
    shop = Workshop(tmp_path / "shop", {NAMES[0]: TEXTS[0], NAMES[1]: TEXTS[1]})
    before = shop.build().snapshot
    shop.put(NAMES[0], TEXTS[2])
    (shop.seeds / NAMES[1]).unlink()
    other = Workshop(tmp_path / "other", {NAMES[0]: TEXTS[2]})
    after = other.build().snapshot
    killed_at(at, shop.build)
    assert current_id(shop.index) in (before, after)
    shop.open_index().close()
    assert shop.build().snapshot == after
    assert said_by(shop) == said_by(other)


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=8, stateful_step_count=16)
