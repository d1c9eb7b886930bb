"""The documentation agrees with the code: everything that it names exists, and it names everything that exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from qa.cli.arguments import command_parser
from qa.cli.open_service import open_service
from qa.encode import Encoder
from qa.reading.sidecar import parse_sidecar
from qa.settings import PREFIX, Settings
from qa.web.api.json_form import answer_data
from qa.web.app import create_app

ROOT = Path(__file__).parent.parent
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md", "index/README.md"]
DOCUMENTS += sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))
README = (ROOT / "README.md").read_text(encoding="utf-8")

_CODE = re.compile(r"```.*?```|`[^`\n]+`|^    .*?$", re.DOTALL | re.MULTILINE)
_ROUTE = re.compile(
    r"(?<![A-Za-z.\w/])/(?:api|documents|healthz|readyz|docs|openapi\.json)[\w/{}-]*|(?<=:8000)/[\w/{}-]+"
)
_PATH = re.compile(r"(?<![\w/.~-])(?:qa|scripts|tests|seeds|index|docs|deploy|examples)/[\w./-]*[\w/]")
_MADE_BY_BUILDING = ("index/CURRENT", "index/ROLLED_BACK", "index/snapshots", "index/report", "seeds/")
_NOTHING = {"", "empty", "none", "unset", "–", "—", "-"}


def code(text: str) -> str:
    """The text of code spans and blocks."""
    return "\n".join(_CODE.findall(text))


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def example(language: str) -> str:
    """The README's only code block in a language."""
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    return block


# Examples


@pytest.mark.model
def test_the_example_is_what_is_answered(seeds_index: Settings, encoder: Encoder) -> None:
    service = open_service(seeds_index, encoder)
    try:
        answer = answer_data(service.ask("who is the COO of the medical foundation", k=1), explain=False)
    finally:
        service.close()
    told, made = json.loads(example("json")), json.loads(json.dumps(answer))
    (told_quote,), (made_quote,) = told["passages"], made["passages"]
    shortened = told_quote.pop("text").rstrip(" .…")
    assert made_quote.pop("text").startswith(shortened)
    assert told["confidence"] == pytest.approx(made["confidence"], abs=0.01)
    assert told_quote.pop("score") == pytest.approx(made_quote.pop("score"), abs=0.01)
    assert told_quote == made_quote
    assert {name: told[name] for name in ("question", "verdict")} == {
        name: made[name] for name in ("question", "verdict")
    }
    assert list(told) == list(made), "another field, or another order"


def test_the_sidecar_of_the_example_is_read() -> None:
    (details,) = parse_sidecar(example("toml").encode()).documents.values()
    assert all(getattr(details, field.name) for field in fields(details)), "the example shows every field"


# Settings


def table_of_settings() -> dict[str, str]:
    """The README's rows | `QA_NAME` | `default` | meaning |, as defaults by name."""
    rows = re.findall(r"^\|\s*`(QA_\w+)`\s*\|\s*([^|]*?)\s*\|", README, re.MULTILINE)
    assert len(dict(rows)) == len(rows), "a setting has two rows"
    return {name: default.strip("`") for name, default in rows}


def test_the_readme_has_a_row_for_every_setting_and_for_nothing_else() -> None:
    assert sorted(table_of_settings()) == sorted(PREFIX + name.upper() for name in Settings.model_fields)


@pytest.mark.parametrize("field", Settings.model_fields)
def test_the_readme_tells_the_default(field: str) -> None:
    default, told = Settings.model_fields[field].default, table_of_settings()[PREFIX + field.upper()]
    if default in ("", ()):
        assert told.lower().strip("*()") in _NOTHING
    else:
        assert told == (f"{default:g}" if isinstance(default, int | float) else str(default))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_setting_that_is_named_exists(name: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    assert set(re.findall(r"\bQA_[A-Z_]*[A-Z]\b", read(name))) <= known


# Routes


def generic(route: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", route).rstrip("/") or "/"


def routes() -> set[str]:
    app = create_app(object(), Settings(admin_token="a-token-for-the-tests", mcp=True))
    found: set[str] = set()
    pending = list(app.routes)
    while pending:
        route = pending.pop()
        pending += getattr(getattr(route, "original_router", None), "routes", [])
        if getattr(route, "path", ""):
            found.add(generic(route.path))
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_route_that_is_named_exists(name: str) -> None:
    patterns = [re.compile(re.escape(route).replace(r"\{\}", "[^/]+")) for route in routes()]
    named = {generic(route) for route in _ROUTE.findall(read(name))}
    assert [route for route in named if not any(pattern.fullmatch(route) for pattern in patterns)] == []


def test_the_readme_names_every_route_for_programs() -> None:
    programs = {route for route in routes() if route.startswith(("/api/", "/healthz", "/readyz"))}
    assert programs
    assert programs - {generic(route) for route in _ROUTE.findall(README)} == set()


# Commands and files


def commands() -> set[str]:
    return set(re.findall(r"^    ([a-z]+)\b", command_parser().format_help(), re.MULTILINE))


def test_the_readme_names_every_command_and_none_that_is_not_there() -> None:
    assert set(re.findall(r"(?<![\w./-])qa ([a-z]+)\b", code(README))) == commands()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_that_is_named_exists(name: str) -> None:
    named = {path for path in _PATH.findall(code(read(name))) if not path.startswith(_MADE_BY_BUILDING)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


_CALL = re.compile(r"scripts/([a-z_]+(?:\.py)?)((?: +(?!-- )[\w./-]+)+)")
CALLS = sorted({call for name in DOCUMENTS for call in _CALL.findall(code(read(name)))})


@pytest.mark.parametrize("script", sorted({script for script, _ in CALLS}))
def test_scripts_take_the_arguments_that_are_named(script: str) -> None:
    told = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--help"], capture_output=True, text=True, check=True
    ).stdout.partition("\n\n")[0]
    many = "..." in told
    told = re.sub(r" \[\w+ \.\.\.\]", "", told)
    options = dict(re.findall(r"\[(--[\w-]+)( [^\]]+)?\]", told))  # with the placeholders of their values
    required = len(re.sub(r"\[.*?\]", "", told, flags=re.DOTALL).split()[2:])
    for words in (given.split() for name, given in CALLS if name == script):
        named = [word for word in words if word.startswith("--")]
        assert set(named) <= set(options), words
        places = len(words) - len(named) - sum(1 for option in named if options[option])
        assert places >= required, words
        assert places == required or many, words


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_to_one(name: str) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", read(name))
    assert [link for link in links if not ((ROOT / name).parent / link).exists()] == []


# Packages


def rooms() -> list[str]:
    """The names of the modules and packages in the folder qa/."""
    modules = [path.name for path in (ROOT / "qa").glob("*.py") if path.name != "__init__.py"]
    packages = [f"{path.parent.name}/" for path in (ROOT / "qa").glob("*/__init__.py")]
    return sorted(modules + packages)


@pytest.mark.parametrize("room", rooms())
def test_the_architecture_names_every_room(room: str) -> None:
    assert re.search(rf"(?<![\w/])(?:qa/)?{re.escape(room)}(?!\w)", read("ARCHITECTURE.md")), room
