"""Builds that read and encode in other processes give the version, answers and report of a build in one process."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeEncoder
from whole_index import answers, contents, signals
from workshop import TEXTS, Workshop, fates, reason

import qa.building.worker_processes
from qa.answering.service import Service
from qa.building.worker_processes import Made, Task
from qa.errors import BuildFailed
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import SEGMENTS

MORE = {
    "a/piers.md": "# Piers\n\nThe oldest pier is long. The newest pier is short.\n",
    "copy of harbour.txt": TEXTS["harbour.txt"],
    "empty.md": "# \n",
    "light.txt": "The Light\n\nThe lighthouse of Elden shows two flashes. " * 12,
    "sources.toml": '["mill.txt"]\npublisher = "Elden Press"\ndate = "1950-06"\n',
}


@pytest.fixture(autouse=True)
def _batches_of_about_two_files(monkeypatch):
    monkeypatch.setattr(qa.building.worker_processes, "BATCH_BYTES", 150)


class Elsewhere:
    """Runs tasks like other processes: arguments and results are copied. The last task runs first."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def __call__(self, work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[tuple[int, Made]]:
        self.tasks = list(tasks)
        for number, task in reversed(list(enumerate(tasks))):
            yield number, pickle.loads(pickle.dumps(work(pickle.loads(pickle.dumps(task)))))


def filled(root: Path) -> Workshop:
    shop = Workshop(root, TEXTS | MORE)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("rye.txt", "The Rye\n\nRye is ground on Tuesdays by the mill.")
        archive.writestr("salt.txt", "The Salt\n\nSalt is sold on the oldest pier by weight.")
    shop.put("more.zip", packed.getvalue())
    shop.put("broken.pdf", b"%PDF-1.7\nno more")
    shop.encoder = FakeEncoder()
    return shop


@pytest.fixture
def here(tmp_path) -> Workshop:
    shop = filled(tmp_path / "here")
    shop.build()
    return shop


@pytest.fixture
def there(tmp_path) -> Workshop:
    return filled(tmp_path / "there")


def replies(shop: Workshop) -> list[object]:
    source = CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint)
    with closing(Service(shop.settings, shop.encoder, source)) as service:
        return answers(service)


def same(here: Workshop, there: Workshop) -> None:
    """Compare two indexes bit for bit."""
    with closing(here.open_index()) as one, closing(there.open_index()) as other:
        assert contents(one) == contents(other)
        assert signals(one, here.encoder) == signals(other, here.encoder)
    assert replies(here) == replies(there)


def test_it_makes_the_version_of_a_build_in_one_process(here, there):
    elsewhere = Elsewhere()
    report = there.build(workers=elsewhere)
    assert len(elsewhere.tasks) > 3
    assert len(there.version().segments) > 3
    assert there.version().id == here.version().id
    same(here, there)
    told = here.build()
    assert fates(report) == fates(told) | {
        source: "added" for source, fate in fates(told).items() if fate == "unchanged"
    }
    assert reason(report, "broken.pdf") == reason(told, "broken.pdf")
    assert there.build(workers=elsewhere).published is False


def test_what_is_stored_is_neither_read_nor_encoded_again(here, there):
    for shop, workers in ((here, None), (there, Elsewhere())):
        shop.build(workers=workers)
        shop.put("harbour.txt", TEXTS["harbour.txt"].replace("1871", "1872"))
        (shop.seeds / "light.txt").rename(shop.seeds / "moved.txt")
    told, report = here.build(), there.build(workers=Elsewhere())
    assert (report.encoded, report.reused) == (told.encoded, told.reused)
    assert fates(report) == fates(told)
    same(here, there)


def test_no_secret_leaves_the_machine(tmp_path):
    shop = Workshop(tmp_path, admin_token="a-secret-of-some-length")
    elsewhere = Elsewhere()
    shop.build(workers=elsewhere)
    assert elsewhere.tasks
    assert not any(b"a-secret" in pickle.dumps(task) for task in elsewhere.tasks)


def test_a_lost_part_leaves_what_serves_and_what_was_done_is_not_done_again(here, there):
    there.build()
    there.put("new.txt", "The New\n\nThe new mill grinds wheat.")
    there.put("second.txt", "The Second\n\nThe second mill grinds oats, and the third grinds nothing at all. " * 3)
    before = there.version()

    def one_alone(work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[tuple[int, Made]]:
        yield len(tasks) - 1, work(tasks[-1])
        raise BuildFailed("A part of the build was lost too often.", for_now=True)

    with pytest.raises(BuildFailed, match="lost too often"):
        there.build(workers=one_alone)
    assert there.version() == before
    assert there.build().encoded == 1
    for name in ("new.txt", "second.txt"):
        here.put(name, (there.seeds / name).read_bytes())
    here.build()
    same(here, there)
    assert {path.name for path in (there.index / SEGMENTS).iterdir()} >= {e.id for e in there.version().segments}
    there.build()
    assert not list((there.index / SEGMENTS).glob(".*"))


def test_a_machine_with_another_model_makes_nothing(there):
    def other(work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[tuple[int, Made]]:
        for number, task in enumerate(tasks):
            yield number, work(replace(task, encoder=FakeEncoder(fingerprint="fake-2")))

    with pytest.raises(BuildFailed, match="another release or another model"):
        there.build(workers=other)


def test_a_file_that_changes_meanwhile_is_left_to_the_next_build(there):
    class Late(Elsewhere):
        def __call__(self, work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[tuple[int, Made]]:
            there.put("mill.txt", "The Mill\n\nThe mill is gone.")
            yield from super().__call__(work, tasks)

    report = there.build(workers=Late())
    assert fates(report)["mill.txt"] == "failed"
    assert "was changed while the build ran" in reason(report, "mill.txt")
    assert fates(there.build(workers=Elsewhere()))["mill.txt"] == "added"


@pytest.mark.model
def test_a_process_loads_the_model_itself(seeds_index, tmp_path):
    shop = Workshop(tmp_path, {})
    for path in sorted(Path(seeds_index.seeds_dir).iterdir()):
        shop.put(path.name, path.read_bytes())
    shop.encoder = None
    shop.build(workers=Elsewhere())
    other = CurrentIndex.of_this_machine(Path(seeds_index.index_dir), shop.version().configuration.weights)
    with closing(other), other.reading() as index, closing(shop.open_index()) as own:
        assert index.id == own.id
        assert contents(index) == contents(own)
