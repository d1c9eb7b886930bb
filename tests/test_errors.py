from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

import qa.errors
from qa.errors import OperatingError, QAError, RequestError


def subclasses(cls: type[QAError]) -> Iterator[type[QAError]]:
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def own(cls: type[QAError]) -> list[type[QAError]]:
    return [each for each in subclasses(cls) if each.__module__ == "qa.errors"]


BRANCHES = (RequestError, OperatingError)
CAUSES = [each for each in own(QAError) if each not in BRANCHES]
DRAWN = re.findall(r"^    [| ]  [|`]- (\w+) +(\w+)", qa.errors.__doc__ or "", re.MULTILINE)


def test_every_cause_is_drawn_with_its_code_and_nothing_else_is() -> None:
    assert sorted(DRAWN) == sorted((each.__name__, each.code) for each in CAUSES)


def test_causes_stand_under_the_branch_they_are_drawn_in() -> None:
    drawing = qa.errors.__doc__ or ""
    names = [cls.__name__ for cls in own(RequestError)]
    upper, lower = drawing.split("- OperatingError")
    assert all(f"- {name} " in upper for name in names)
    assert all(f"- {cls.__name__} " in lower for cls in own(OperatingError))


def test_codes_are_unique() -> None:
    codes = [each.code for each in CAUSES]
    assert len(codes) == len(set(codes)) > 0


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cls: cls.__name__)
def test_a_code_is_the_name_in_small_letters(cause: type[QAError]) -> None:
    """Codes are part of the HTTP contract: this test fails if renaming a class changes its code."""
    assert cause.code == re.sub(r"(?<!^)(?=[A-Z])", "_", cause.__name__).lower()


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cls: cls.__name__)
def test_a_cause_is_the_callers_or_the_operators_never_both(cause: type[QAError]) -> None:
    assert issubclass(cause, RequestError) != issubclass(cause, OperatingError)


def test_the_message_is_one_line_for_a_person() -> None:
    assert str(qa.errors.NoIndex("There is no index.")) == "There is no index."
