"""Settings from environment variables (`QA_*`), read once at the start and passed down.

Guarantees: an unknown `QA_*` name or an invalid value is an error that names it, never a silent default.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from qa.errors import InvalidSettings

PREFIX = "QA_"
_LEAST_TOKEN_CHARS = 16  # of a random token: too many possibilities to guess over HTTP
_LAST_PORT = 65535
_MOST_TOKEN_CHARS = 512  # the size of the header with a token is also limited
_OWN_PATHS = ("api", "cite", "docs", "documents", "feedback", "mcp", "metrics", "static")
_HOW_TO_MAKE_ONE = 'make one with: python3 -c "import secrets; print(secrets.token_urlsafe())"'


def _filled(value: object) -> object:
    if value == "":  # which would mean the present folder, or every network
        raise ValueError("it is empty; leave it out for the default")
    return value


_NOT_EMPTY = BeforeValidator(_filled)


class Settings(BaseModel):
    """All settings, with their defaults. A test compares the README's table with these fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    seeds_dir: Annotated[Path, _NOT_EMPTY] = Field(Path("seeds"), description="Folder of documents")
    index_dir: Annotated[Path, _NOT_EMPTY] = Field(Path("index"), description="Folder of snapshots")
    model: str = Field("", description="Hub id or folder of a sentence-transformers model; empty: the packaged one")
    model_revision: str = Field(
        "", description="Commit of the hub that a model named in QA_MODEL is taken from; empty: the newest"
    )
    query_prompt: str = Field("", description="Text put before a question for a model named in QA_MODEL")
    host: Annotated[str, _NOT_EMPTY] = Field("127.0.0.1", description="Address to serve on")
    port: int = Field(8000, ge=0, le=65535, description="Port to serve on; 0 takes a free one")
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Further host names that requests may address, separated by commas"
    )
    root_path: str = Field("", description="Path below which a proxy serves this, such as /qa; empty: the whole host")
    max_question_chars: int = Field(2000, ge=1, le=20000, description="Longest question accepted")
    token_bits: int = Field(
        4, description="Bits of each component of a token vector, 4 or 2; 2 takes less disk, and finds a little less"
    )
    threads: int = Field(0, ge=0, le=256, description="Encoder threads; 0: one per core")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve, each with the model and the open snapshot")
    queue: int = Field(128, ge=1, le=10000, description="Requests worked on or waiting at once, in each process")
    answer_seconds: float = Field(10, gt=0, le=600, description="Longest time from a request to its answer")
    questions_per_minute: int = Field(
        0,
        ge=0,
        le=60000,
        description="Questions and documents that one address may ask for a minute, of each process; 0: any number",
    )
    cors_origins: tuple[str, ...] = Field(
        (), description="Origins whose pages may ask, as https://intranet.example, separated by commas"
    )
    admin_token: str = Field(
        "",
        description="Secret of 16 characters or more; who sends it may add and remove documents; empty: nobody may",
        repr=False,
    )
    log: Literal["text", "json"] = Field("text", description="Form of the log's lines: text or json")
    question_log: str = Field(
        "", description="SQLite file that keeps questions, with nothing about who asked; empty: none are kept"
    )
    question_log_days: int = Field(90, ge=1, le=3650, description="Days after which a kept question is deleted")
    question_log_rows: int = Field(100_000, ge=1, le=10_000_000, description="Questions kept at most, the newest")
    metrics: str = Field("", description="Where metrics for Prometheus are served, as 127.0.0.1:9464; empty: nowhere")
    mcp: bool = Field(False, description="Whether assistants may ask at /mcp by the Model Context Protocol")
    mcp_token: str = Field(
        "",
        description="Secret of 16 characters or more that calls of /mcp must carry; empty: none is needed",
        repr=False,
    )
    public_url: str = Field(
        "",
        description="Address under which readers open this service, for links given to assistants, as https://qa.example",
    )
    max_file_mb: int = Field(200, ge=1, le=4000, description="Largest file read, in megabytes")
    parse_seconds: float = Field(60, gt=0, le=3600, description="Longest time that reading one file may take")
    parse_memory_mb: int = Field(2048, ge=256, le=65536, description="Most memory that reading a file may take, in MB")
    cluster: str = Field(
        "", description="Address of a cluster's head, as 10.0.0.1:6379, whose hosts answer; empty: this machine alone"
    )
    cluster_shards: int = Field(1, ge=1, le=1000, description="Groups of segments in a cluster, each on its own hosts")
    cluster_replicas: int = Field(2, ge=1, le=16, description="Hosts of each group of a cluster, on different machines")
    cluster_hedge_ms: int = Field(
        150, ge=0, le=60000, description="Milliseconds until a second host is asked in a cluster; 0: never"
    )
    cluster_prepare_seconds: float = Field(
        60, gt=0, le=3600, description="Longest time in which a cluster opens a new snapshot"
    )
    cluster_copies: str = Field("", description="Folder on each machine's own disk for copies of segments; empty: none")
    cluster_token_path: str = Field(
        "", description="File with the secret that the machines of a cluster share; needed beyond loopback"
    )
    keep_snapshots: int = Field(3, ge=1, le=1000, description="Snapshots kept after a build, the current one included")

    @field_validator("allowed_hosts", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("root_path")
    @classmethod
    def _no_path_of_ours(cls, path: str) -> str:
        path = path.rstrip("/")
        if path and not re.fullmatch(r"(?:/[A-Za-z0-9._~-]+)+", path):
            raise ValueError("write it as /qa, of letters, digits and . _ ~ - between the strokes")
        if path.split("/")[1:2] in [[name] for name in _OWN_PATHS]:
            raise ValueError(
                f"the service has a path of this name itself; choose one other than {', '.join(_OWN_PATHS)}"
            )
        return path

    @field_validator("model_revision")
    @classmethod
    def _of_a_named_model(cls, revision: str, info: ValidationInfo) -> str:
        if revision and not info.data.get("model"):
            raise ValueError("it belongs to a model named in QA_MODEL, which is empty")
        return revision

    @field_validator("token_bits")
    @classmethod
    def _known_form(cls, bits: int) -> int:
        if bits not in (4, 2):
            raise ValueError("a component has 4 bits or 2")
        return bits

    @field_validator("mcp_token")
    @classmethod
    def _of_an_endpoint(cls, token: str, info: ValidationInfo) -> str:
        if token and not info.data.get("mcp"):
            raise ValueError("it guards /mcp, which is served only where QA_MCP is 1")
        return token

    @field_validator("metrics")
    @classmethod
    def _host_and_port(cls, address: str) -> str:
        match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):([0-9]{1,5})", address)
        if address and (not match or int(match[2]) > _LAST_PORT):
            raise ValueError("write it as HOST:PORT, such as 127.0.0.1:9464")
        return address

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[^/?#@\s*]+(/[^?#\s]*)?", url):
            raise ValueError("write it as https://qa.example or https://intranet.example/qa")
        return url.rstrip("/")

    @field_validator("admin_token", "mcp_token")
    @classmethod
    def _hard_to_guess_and_possible_to_send(cls, token: str) -> str:
        if token and not re.fullmatch(r"[!-~]+", token):
            raise ValueError(f"a token is printable ASCII without blanks; {_HOW_TO_MAKE_ONE}")
        if token and not _LEAST_TOKEN_CHARS <= len(token) <= _MOST_TOKEN_CHARS:
            span = f"{_LEAST_TOKEN_CHARS} to {_MOST_TOKEN_CHARS}"
            raise ValueError(f"a token has {span} characters and this one has {len(token)}; {_HOW_TO_MAKE_ONE}")
        return token

    @field_validator("cors_origins")
    @classmethod
    def _as_browsers_write_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not re.fullmatch(r"https?://[^/?#@\s*]+", origin):
                raise ValueError(f"{origin} is not an origin; write one as https://intranet.example")
        return tuple(origin.lower() for origin in origins)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Raises:
        InvalidSettings: a `QA_*` name is unknown or a value cannot be used.
    """
    names = os.environ if environ is None else environ
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    unknown = sorted(name for name in names if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        from difflib import get_close_matches  # noqa: PLC0415 - right settings need not wait for it

        meant = get_close_matches(unknown[0].upper(), known, 1)
        hint = f" Did you mean {meant[0]}?" if meant else ""
        raise InvalidSettings(f"{unknown[0]} is not a setting; known are {', '.join(sorted(known))}.{hint}")
    try:
        given = {name[len(PREFIX) :].lower(): value for name, value in names.items() if name.upper() in known}
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        # A field hidden from `repr` is a secret, and must not be logged.
        value = f"={first.get('input')!r}" if Settings.model_fields[field].repr else ""
        reason = first["msg"].removeprefix("Value error, ")
        raise InvalidSettings(f"{PREFIX}{field.upper()}{value} cannot be used: {reason}.") from None
