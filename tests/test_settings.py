from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from qa.errors import InvalidSettings
from qa.settings import Settings, load_settings


def test_nothing_set_gives_the_defaults() -> None:
    assert load_settings({}).model_dump() == {
        "seeds_dir": Path("seeds"),
        "index_dir": Path("index"),
        "model": "",
        "model_revision": "",
        "query_prompt": "",
        "host": "127.0.0.1",
        "port": 8000,
        "allowed_hosts": (),
        "root_path": "",
        "max_question_chars": 2000,
        "token_bits": 4,
        "threads": 0,
        "workers": 1,
        "queue": 128,
        "answer_seconds": 10,
        "questions_per_minute": 0,
        "cors_origins": (),
        "admin_token": "",
        "log": "text",
        "question_log": "",
        "question_log_days": 90,
        "question_log_rows": 100000,
        "metrics": "",
        "mcp": False,
        "mcp_token": "",
        "public_url": "",
        "max_file_mb": 200,
        "parse_seconds": 60,
        "parse_memory_mb": 2048,
        "cluster": "",
        "cluster_shards": 1,
        "cluster_replicas": 2,
        "cluster_hedge_ms": 150,
        "cluster_prepare_seconds": 60,
        "cluster_copies": "",
        "cluster_token_path": "",
        "keep_snapshots": 3,
    }


def test_values_are_read_and_converted() -> None:
    settings = load_settings(
        {
            "QA_SEEDS_DIR": "/srv/documents",
            "QA_PORT": "0",
            "QA_ALLOWED_HOSTS": " qa.example , ,intranet",
            "QA_THREADS": "2",
            "HOME": "/root",  # a variable of another program
        }
    )
    assert settings == Settings(
        seeds_dir=Path("/srv/documents"), port=0, allowed_hosts=("qa.example", "intranet"), threads=2
    )


def test_names_are_read_in_any_case() -> None:
    assert load_settings({"qa_port": "81"}).port == 81


@pytest.mark.parametrize("name", ["QA_PROT", "QA_", "qa_prot", "QA_INDEX"])
def test_an_unknown_name_is_an_error_that_lists_the_known_ones(name: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^{name} is not a setting; known are .*QA_PORT.*QA_THREADS"):
        load_settings({name: "1"})


def test_the_setting_that_was_perhaps_meant_is_named() -> None:
    with pytest.raises(InvalidSettings, match=r"Did you mean QA_SEEDS_DIR\?$"):
        load_settings({"QA_SEDS_DIR": "1"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QA_PORT", "eighty"),
        ("QA_PORT", "65536"),
        ("QA_PORT", "-1"),
        ("QA_PORT", "80.5"),
        ("QA_PORT", ""),
        ("QA_HOST", ""),
        ("QA_SEEDS_DIR", ""),
        ("QA_INDEX_DIR", ""),
        ("QA_MAX_QUESTION_CHARS", "0"),
        ("QA_TOKEN_BITS", "3"),
        ("QA_TOKEN_BITS", "two"),
        ("QA_THREADS", "-1"),
        ("QA_KEEP_SNAPSHOTS", "0"),
        ("QA_QUEUE", "0"),
        ("QA_ANSWER_SECONDS", "0"),
        ("QA_QUESTIONS_PER_MINUTE", "-1"),
        ("QA_LOG", "xml"),
        ("QA_QUESTION_LOG_DAYS", "0"),
        ("QA_QUESTION_LOG_ROWS", "0"),
        ("QA_METRICS", "9464"),
        ("QA_METRICS", "127.0.0.1:99999"),
        ("QA_METRICS", "http://127.0.0.1:9464"),
        ("QA_MCP", "perhaps"),
        ("QA_PUBLIC_URL", "qa.example"),
        ("QA_PUBLIC_URL", "ftp://qa.example"),
        ("QA_PUBLIC_URL", "https://qa.example/#top"),
    ],
)
def test_an_unusable_value_is_an_error_that_names_setting_and_value(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=f"^{name}='{value}' cannot be used: "):
        load_settings({name: value})


def test_the_environment_is_read_when_asked_not_when_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().port == 8000
    monkeypatch.setenv("QA_PORT", "9000")
    assert load_settings().port == 9000


def test_settings_cannot_be_changed_once_read() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.port = 1


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described(name: str) -> None:
    assert Settings.model_fields[name].description


def test_origins_are_those_of_pages_and_nothing_looser() -> None:
    given = load_settings({"QA_CORS_ORIGINS": "https://Intranet.example, http://localhost:3000"})
    assert given.cors_origins == ("https://intranet.example", "http://localhost:3000")
    for loose in ("*", "null", "intranet.example", "https://intranet.example/", "https://*.example", "file://x"):
        with pytest.raises(InvalidSettings, match="QA_CORS_ORIGINS"):
            load_settings({"QA_CORS_ORIGINS": loose})


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "fifteen-letters",
        "sixteen letters.",
        " sixteen-letters",
        "sixteen-letters\n",
        "sixteen-lettersé",
        "x" * 513,
    ],
)
def test_a_token_that_can_be_guessed_or_never_matches_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(
        InvalidSettings, match=r"^QA_ADMIN_TOKEN cannot be used: a token .*secrets\.token_urlsafe"
    ) as caught:
        load_settings({"QA_ADMIN_TOKEN": token})
    assert token == "x" or token not in str(caught.value)
    with pytest.raises(ValidationError) as invalid:
        Settings(admin_token=token)
    assert token == "x" or token not in str(invalid.value)


@pytest.mark.parametrize("token", ["", "sixteen-letters.", "!" * 16, "~" * 512])
def test_a_token_may_be_anything_long_that_a_header_carries(token: str) -> None:
    assert load_settings({"QA_ADMIN_TOKEN": token}).admin_token == token


@pytest.mark.parametrize(("path", "read"), [("", ""), ("/", ""), ("/qa", "/qa"), ("/qa/", "/qa"), ("/a/b-c", "/a/b-c")])
def test_a_root_path_is_read_without_a_stroke_at_its_end(path: str, read: str) -> None:
    assert load_settings({"QA_ROOT_PATH": path}).root_path == read


@pytest.mark.parametrize("path", ["qa", "//qa", "/q a", "/qa?x", "https://example.org/qa", "/documents", "/api/qa"])
def test_a_root_path_that_could_not_be_told_from_ours_is_refused(path: str) -> None:
    with pytest.raises(InvalidSettings, match="QA_ROOT_PATH"):
        load_settings({"QA_ROOT_PATH": path})


def test_a_revision_belongs_to_a_named_model() -> None:
    assert load_settings({"QA_MODEL": "a/b", "QA_MODEL_REVISION": "c0ffee"}).model_revision == "c0ffee"
    with pytest.raises(InvalidSettings, match=r"^QA_MODEL_REVISION='c0ffee' cannot be used: .*QA_MODEL"):
        load_settings({"QA_MODEL_REVISION": "c0ffee"})


def test_the_token_of_assistants_needs_what_it_guards_and_is_held_to_the_same_rules() -> None:
    token = "sixteen-letters."
    assert load_settings({"QA_MCP": "1", "QA_MCP_TOKEN": token}).mcp_token == token
    with pytest.raises(InvalidSettings, match="QA_MCP_TOKEN cannot be used: it guards /mcp") as caught:
        load_settings({"QA_MCP_TOKEN": token})
    assert token not in str(caught.value)
    with pytest.raises(InvalidSettings, match="QA_MCP_TOKEN cannot be used: a token"):
        load_settings({"QA_MCP": "1", "QA_MCP_TOKEN": "short"})


def test_the_address_for_readers_may_have_a_path_and_ends_without_a_slash() -> None:
    assert load_settings({"QA_PUBLIC_URL": "https://intranet.example/qa/"}).public_url == "https://intranet.example/qa"
