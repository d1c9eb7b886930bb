"""Checks the names of documents, and finds the path for a name.

Guarantees: no name leads out of the folder, through a link, to a hidden file or to the sidecar. Every accepted name is
    valid on other systems too. Names are composed (Unicode NFC), and spellings that differ only in the composition of
    accents are the same document.
"""

from __future__ import annotations

import re
import stat
import unicodedata
from pathlib import Path, PurePosixPath

from qa.errors import InvalidRequest, NameTaken
from qa.text.safe_text import JOINERS, compose, is_safe, printable

SIDECAR = "sources.toml"
PASSED_OVER = (".", "~$", "__MACOSX")  # prefixes of hidden files and of programs' own files

_LONGEST_PART_BYTES = 200
_MOST_PARTS = 8
_LONGEST_SHOWN_CHARS = 80
_SPECIAL = frozenset('\\:*?"<>|')
# Hangul fillers and similar characters: letters by category, but invisible.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffd\ufffe\uffff")
_VARIANTS = re.compile("[\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Scripts whose letters change their form next to a joiner: Arabic to Sinhala, Tibetan and Myanmar, Khmer and Mongolian,
# and further scripts of South and South-East Asia.
_JOINING = (
    (0x600, 0xDFF), (0xF00, 0x109F), (0x1780, 0x18AF), (0x1A20, 0x1CFF), (0xA800, 0xABFF), (0x10A00, 0x11FFF),
    (0x1E900, 0x1E95F),
)  # fmt: skip
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *", re.IGNORECASE)


def suffix_of(name: str) -> str:
    """The suffix of a document's name in lower case, such as ".pdf"; it determines the format."""
    return PurePosixPath(name).suffix.lower()


def checked_name(name: str, *, removing: bool = False) -> str:
    """Check a name; return its composed form.

    Args:
        name: A path under the documents' folder, with forward slashes.
        removing: Whether the document is to be removed: then it may be in a folder with the sidecar's name.

    Raises:
        InvalidRequest: the name is not allowed; the message says why.
    """
    name = compose(name)
    reason = why_refused(name, removing=removing)
    if reason:
        raise InvalidRequest(_refusal(name, reason))
    return name


def why_refused(name: str, *, removing: bool = False) -> str | None:
    """Why a composed name is not allowed, here or on another system; None if it is."""
    parts = name.split("/")
    if (
        any(len(part.encode("utf-8", "surrogatepass")) > _LONGEST_PART_BYTES for part in parts)
        or len(parts) > _MOST_PARTS
    ):
        return "is too long"
    if any(not is_safe(char) or char in _SPECIAL or char in _BLANK for char in name):
        return "holds a character that file names may not"
    if not all(_serves(name, place) for place in range(len(name))):
        return "holds an invisible character where it changes nothing"
    if any(not part or part.startswith(PASSED_OVER) or part.endswith((".", " ")) for part in parts):
        return "has an empty, hidden or relative part, or one that ends in a dot or a blank"
    if any(_RESERVED.fullmatch(part.partition(".")[0]) for part in parts):
        return "is reserved on some systems"
    sidecar = parts[0].casefold() == SIDECAR and not (removing and len(parts) > 1)
    return "is the sidecar's" if sidecar else None


def safe_name(name: str) -> str | None:
    """The name of a document in an archive or a message, made safe to show and to save.

    Args:
        name: The name in the container, with slashes of either kind and any other characters.

    Returns:
        A relative path with forward slashes; None for hidden files and programs' own files.
    """
    parts = [part for part in re.split(r"[/\\]", compose(name)) if part.strip(" .")]
    if not parts or any(part.startswith(PASSED_OVER) for part in parts):
        return None
    return "/".join(map(_safe_part, parts[: _MOST_PARTS - 1] + parts[-1:] if len(parts) > _MOST_PARTS else parts))


def _safe_part(part: str) -> str:
    """One part of a path, with `_` for characters not allowed in names, shortened to the maximum but for its suffix."""
    shown = "".join("_" if not is_safe(char) or char in _SPECIAL or char in _BLANK else char for char in part)
    shown = "".join(char for place, char in enumerate(shown) if _serves(shown, place)).strip(" ") or "_"
    path = PurePosixPath(shown)
    room = _LONGEST_PART_BYTES - len(path.suffix.encode())
    if room <= 0 or len(shown.encode()) <= _LONGEST_PART_BYTES:
        return shown.encode()[:_LONGEST_PART_BYTES].decode(errors="ignore")
    return path.stem.encode()[:room].decode(errors="ignore") + path.suffix


def landing(folder: Path, name: str) -> Path:
    """The path at which a document with a checked name is, or would be, stored.

    If a file or folder with another spelling of the name exists, this is its path.

    Raises:
        InvalidRequest: the path leads through a link.
        NameTaken: a folder has the name, or a file has the name of a folder in the path.
        OSError: the folder cannot be read.
    """
    path = folder
    parts = name.split("/")
    for number, part in enumerate(parts, 1):
        path = _entry(path, part)
        here, last = "/".join(parts[:number]), number == len(parts)
        try:
            mode = path.lstat().st_mode  # checked once: a folder may be removed at any moment
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISLNK(mode):
            raise InvalidRequest(_refusal(name, "leads out of the documents' folder, or through a link"))
        if last and stat.S_ISDIR(mode):
            raise NameTaken(f"{printable(name)} is a folder of documents; choose another name.")
        if not last and not stat.S_ISDIR(mode):
            raise NameTaken(f"{printable(here)} is a file, so nothing can be stored below it; choose another name.")
    return path


def _refusal(name: str, reason: str) -> str:
    shown = printable(name[:_LONGEST_SHOWN_CHARS])
    return f'The name "{shown}" {reason}; use one such as report.pdf or 2024/report.pdf.'


def _serves(name: str, place: int) -> bool:
    """Whether the character at a place is visible, or changes the look of its neighbours.

    A joiner has an effect within a word of a joining script, digits included (ZWJ also at its end), and between emoji.
    A variation selector has an effect after a non-ASCII character, and after the digit of a keycap.
    """
    char, before, after = name[place], name[:place], name[place + 1 :]
    if _VARIANTS.match(char):
        return bool(before) and (not before[-1].isascii() or before[-1].isdigit())
    if char not in JOINERS:
        return True
    sides = before[-1:], after[:1]
    if any(map(_is_joining, sides)) and all(_is_joining(side) or side.isdecimal() for side in sides):
        return True
    if char == "\u200d" and _is_joining(before[-1:]):
        return after[:1] not in JOINERS
    return char == "\u200d" and _is_emoji(before.rstrip("\ufe0f")[-1:]) and _is_emoji(after[:1])


def _is_joining(char: str) -> bool:
    return bool(char) and any(first <= ord(char) <= last for first, last in _JOINING)


def _is_emoji(char: str) -> bool:
    return bool(char) and not char.isascii() and unicodedata.category(char) in ("So", "Sk", "Sm")


def _entry(folder: Path, part: str) -> Path:
    """The entry of a folder with a composed name in any spelling, or the path of a new one."""
    path = folder / part
    if part.isascii() or path.exists() or path.is_symlink():
        return path
    try:
        names = [each.name for each in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return path
    return folder / min((each for each in names if not each.isascii() and compose(each) == part), default=part)
