"""The files of the documents' folder: every file and link has a fate, and nothing that blocks is opened."""

from __future__ import annotations

import errno
import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest
from processes import FRESH
from workshop import TEXTS, Workshop, fates, reason

import qa.building.folder
import qa.building.read_files
from qa.building.doctor import examine
from qa.building.folder import SourceFile, look_into, read_sidecar
from qa.errors import BuildFailed, UnreadableFile
from qa.index.build_notes import Fate
from qa.index.regular_files import read_regular
from qa.reading.sidecar import Details

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are others there")

OUT = "is a link that leads out of the documents' folder, which is not followed; put the document itself here"
MOST_BYTES = 1 << 20


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def listed(shop: Workshop) -> dict[str, SourceFile]:
    return {file.source: file for file in look_into(shop.seeds, MOST_BYTES).files}


def troubles(shop: Workshop) -> dict[str, str]:
    """The reason for each folder entry that is not read, by its name."""
    contents = look_into(shop.seeds, MOST_BYTES)
    failed = {file.source: file.trouble for file in contents.files if file.trouble}
    return failed | {file.source: file.reason or "" for file in contents.skipped}


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "/proc/kmsg", "/dev/zero", "../secret.txt", "/proc/self/environ", "../gone.txt"]
)
def test_links_that_lead_out_are_named_and_not_followed(shop: Workshop, target: str) -> None:
    (shop.seeds.parent / "secret.txt").write_text("A secret.")
    (shop.seeds / "leak.txt").symlink_to(target)
    report = shop.build()
    assert (fates(report)["leak.txt"], reason(report, "leak.txt")) == ("failed", OUT)
    assert report.documents == len(TEXTS)


def test_links_that_lead_out_on_a_way_inside_are_not_followed(shop: Workshop, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("A secret.")
    (shop.seeds / "way").symlink_to(outside)
    (shop.seeds / "by-folder.txt").symlink_to("way/secret.txt")
    (shop.seeds / "first.txt").symlink_to("by-folder.txt")
    (shop.seeds / "round.txt").symlink_to("../outside/../seeds/../outside/secret.txt")
    (shop.seeds / "like.txt").symlink_to(f"{shop.seeds}-not/mill.txt")
    assert set(troubles(shop)) == {"way", "by-folder.txt", "first.txt", "round.txt", "like.txt"}
    assert set(troubles(shop).values()) == {OUT}


def test_nothing_outside_is_touched(shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead network drive blocks every call on it."""
    outside = tmp_path / "drive"
    outside.mkdir()
    (outside / "report.txt").write_text("A report.")
    (shop.seeds / "report.txt").symlink_to(outside / "report.txt")
    (shop.seeds / "drive").symlink_to(outside)
    touched: list[str] = []

    def noting(real):
        def call(path, *arguments, **options):
            touched.append(os.fspath(path) if isinstance(path, str | os.PathLike) else "")
            return real(path, *arguments, **options)

        return call

    for name in ("stat", "lstat", "open", "scandir", "readlink"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    assert set(troubles(shop)) == {"drive", "report.txt"}
    assert touched
    assert not any(path.startswith(str(outside)) for path in touched)


def test_links_inside_the_folder_are_followed(shop: Workshop, tmp_path: Path) -> None:
    shop.put("deep/er/quay.txt", "The quay.")
    (shop.seeds / "relative.txt").symlink_to("mill.txt")
    (shop.seeds / "absolute.txt").symlink_to(shop.seeds / "mill.txt")
    (shop.seeds / "chain.txt").symlink_to("relative.txt")
    (shop.seeds / "deep/up.txt").symlink_to("../mill.txt")
    (shop.seeds / "round.txt").symlink_to("../seeds/mill.txt")
    (shop.seeds / "linked").symlink_to("deep/er")
    (shop.seeds / "through.txt").symlink_to("linked/quay.txt")
    files = listed(shop)
    same = {source for source, file in files.items() if file.sha256 == files["mill.txt"].sha256}
    assert same == {"mill.txt", "relative.txt", "absolute.txt", "chain.txt", "deep/up.txt", "round.txt"}
    assert files["through.txt"].sha256 == files["deep/er/quay.txt"].sha256 != ""
    assert shop.build().failed == []


def test_mounted_configuration_is_read(tmp_path: Path) -> None:
    """Kubernetes mounts a ConfigMap as links through a hidden folder, which is itself a link."""
    shop = Workshop(tmp_path, {"..2024_05/mill.txt": TEXTS["mill.txt"]})
    (shop.seeds / "..data").symlink_to("..2024_05")
    (shop.seeds / "mill.txt").symlink_to("..data/mill.txt")
    assert fates(shop.build()) == {"mill.txt": "added"}


def test_the_folder_may_be_a_link_itself(shop: Workshop, tmp_path: Path) -> None:
    (shop.seeds / "again.txt").symlink_to(shop.seeds / "mill.txt")
    link = tmp_path / "link"
    link.symlink_to(shop.seeds)
    (shop.seeds / "by-link.txt").symlink_to(link / "mill.txt")
    contents = look_into(link, MOST_BYTES)
    assert {file.source for file in contents.files if not file.trouble} == {*TEXTS, "again.txt", "by-link.txt"}


def test_links_to_folders_are_named(shop: Workshop) -> None:
    shop.put("deep/quay.txt", "The quay.")
    (shop.seeds / "linked").symlink_to("deep")
    (shop.seeds / "self").symlink_to(".")
    report = shop.build()
    for name in ("linked", "self"):
        assert fates(report)[name] == "skipped"
        assert reason(report, name).startswith("is a link to a folder whose documents are read where they stand")
    assert fates(report)["deep/quay.txt"] == "added"


def test_links_in_a_circle_and_to_nothing_are_named(shop: Workshop) -> None:
    (shop.seeds / "a.txt").symlink_to("b.txt")
    (shop.seeds / "b.txt").symlink_to("a.txt")
    (shop.seeds / "nowhere.txt").symlink_to("gone.txt")
    (shop.seeds / "below-a-file.txt").symlink_to("mill.txt/page.txt")
    names = ("a.txt", "b.txt", "nowhere.txt", "below-a-file.txt")
    assert troubles(shop) == dict.fromkeys(names, "is not a regular file, or a link to nothing")


def test_pipes_and_sockets_are_named_and_never_opened(shop: Workshop) -> None:
    os.mkfifo(shop.seeds / "pipe.txt")
    os.mkfifo(shop.seeds / "pipe")
    (shop.seeds / "to-pipe.txt").symlink_to("pipe.txt")
    names = ("pipe.txt", "pipe", "to-pipe.txt")
    assert troubles(shop) == dict.fromkeys(names, "is not a regular file, or a link to nothing")


def test_a_file_that_became_a_pipe_or_a_link_does_not_block_the_reader(shop: Workshop) -> None:
    path = listed(shop)["mill.txt"].path
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file"):
        read_regular(shop.seeds, path, MOST_BYTES)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(shop.seeds, path, MOST_BYTES)


@pytest.mark.parametrize("when", ["digested", "read"])
def test_a_folder_that_becomes_a_link_while_its_files_are_read_leads_nowhere(
    shop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The file outside has the same content, so that only its path differs from the listed one."""
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "a.txt").write_text("A secret.")
    shop.put("way/a.txt", "A secret.")
    reads = {"digested": qa.building.folder, "read": qa.building.read_files}[when]
    name = {"digested": "digest_regular", "read": "read_regular"}[when]
    real = getattr(reads, name)

    def swapped(folder: Path, path: Path, most_bytes: int):
        if path.name == "a.txt":
            path.unlink()
            path.parent.rmdir()
            path.parent.symlink_to(secret)
        return real(folder, path, most_bytes)

    monkeypatch.setattr(reads, name, swapped)
    report = shop.build()
    assert fates(report)["way/a.txt"] == "failed"
    assert report.documents == len(TEXTS)


def test_files_in_a_folder_that_is_a_link_itself_are_read(shop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(shop.seeds)
    assert read_regular(tmp_path / "link", tmp_path / "link/mill.txt", MOST_BYTES) == TEXTS["mill.txt"].encode()
    assert read_regular(tmp_path / "link", shop.seeds.resolve() / "mill.txt", MOST_BYTES)


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_what_says_less_of_its_size_than_it_holds_is_read_within_the_limit() -> None:
    """Files of /proc have size 0. This one has a line for each mapping, so some thousands of bytes."""
    with pytest.raises(OSError, match="symbolic links"):
        read_regular(Path("/proc"), Path(f"/proc/{os.getpid()}/exe"), 100)
    assert len(read_regular(Path("/proc"), Path(f"/proc/{os.getpid()}/maps"), 100)) == 101


@pytest.mark.parametrize("kind", ["pipe", "device", "link out", "link to a pipe", "folder"])
def test_a_sidecar_that_is_no_file_does_not_block(shop: Workshop, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    path = shop.seeds / "sources.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        try:
            os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))  # endless zeros
        except PermissionError:
            pytest.skip("no right to make devices here")
    elif kind == "link out":
        path.symlink_to("/proc/kmsg")
    elif kind == "link to a pipe":
        os.mkfifo(shop.seeds / "pipe")
        path.symlink_to("pipe")
    else:
        shop.put("sources.toml/inside.txt", "Inside.")
    report = shop.build()
    assert set(TEXTS) <= {file.source for file in report.files if file.fate is Fate.ADDED}
    if kind == "folder":
        assert fates(report)["sources.toml/inside.txt"] == "added"
    else:
        assert fates(report)["sources.toml"] == "failed"
    assert caplog.text.count("is a folder, not a sidecar") == (kind == "folder")
    assert list(examine(shop.settings))


def test_a_sidecar_may_be_a_link_within_the_folder(shop: Workshop) -> None:
    shop.put("data/described.toml", '["mill.txt"]\ntitle = "The mill"')
    (shop.seeds / "sources.toml").symlink_to("data/described.toml")
    assert read_sidecar(shop.seeds).documents == {"mill.txt": Details(title="The mill")}


def test_a_sidecar_that_becomes_a_pipe_while_it_is_looked_at_does_not_block(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.put("sources.toml", '["mill.txt"]\ntitle = "The mill"')
    real = os.open

    def swapped(name, *arguments, **options):
        if name == path.name:
            path.unlink()
            os.mkfifo(path)
        return real(name, *arguments, **options)

    monkeypatch.setattr(qa.building.folder.os, "open", swapped)
    with pytest.raises(UnreadableFile, match=r"sources\.toml cannot be opened"):
        read_sidecar(shop.seeds)


def _list_as_nobody(seeds: Path, answers) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        answers.put({file.source: file.trouble for file in look_into(seeds, MOST_BYTES).files})
    except BaseException as error:  # noqa: BLE001
        answers.put(repr(error))


def test_what_may_not_be_entered_or_read_is_named_and_the_rest_is_listed() -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        shop = Workshop(root / "shop")
        for folder in ("listed-only", "closed"):
            shop.put(f"{folder}/a.txt", "A.")
            shop.put(f"{folder}/deep/b.txt", "B.")
        (shop.seeds / "listed-only/link.txt").symlink_to("a.txt")
        (shop.seeds / "through.txt").symlink_to("listed-only/a.txt")
        (shop.seeds / "mill.txt").chmod(0)
        (shop.seeds / "listed-only").chmod(0o444)
        (shop.seeds / "closed").chmod(0)
        answers = FRESH.SimpleQueue()
        process = FRESH.Process(target=_list_as_nobody, args=(shop.seeds, answers))
        process.start()
        told = answers.get()
        process.join()
        for folder in ("listed-only", "closed"):
            (shop.seeds / folder).chmod(0o755)
    assert told == {
        "closed": "this folder cannot be listed (Permission denied)",
        "ferry.md": None,
        "harbour.txt": None,
        "listed-only/a.txt": "cannot be opened (Permission denied)",
        "listed-only/deep": "this folder cannot be listed (Permission denied)",
        "listed-only/link.txt": "cannot be opened (Permission denied)",
        "mill.txt": "cannot be opened (Permission denied)",
        "through.txt": "cannot be opened (Permission denied)",
    }


def test_a_build_goes_on_past_what_may_not_be_looked_at(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.lstat

    def refuse(path: Path):
        if path.name == "mill.txt":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "lstat", refuse)
    report = shop.build()
    assert fates(report) == {"ferry.md": "added", "harbour.txt": "added", "mill.txt": "failed"}
    assert reason(report, "mill.txt") == "cannot be opened (Permission denied)"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_a_shortage_of_the_machine_takes_no_document_out(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = shop.build().snapshot
    os.utime(shop.seeds / "mill.txt")  # so that the build opens it again
    real = os.open

    def refuse(path, *arguments, **options):
        if str(path).endswith("mill.txt"):
            raise OSError(number, os.strerror(number))
        return real(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(qa.building.folder.os, "open", refuse)
        with pytest.raises(BuildFailed, match=os.strerror(number)):
            shop.build()
    report = shop.build()
    assert (report.snapshot, report.documents) == (before, 3)
