"""Three other question-answering stacks, on the same passages and the same network, each in a separate environment.

Each is served as its documentation describes, and configured for hybrid search by vectors and words:

- txtai: its API under uvicorn; hybrid search, content stored, its own ONNX vectors.
- Haystack behind hayhooks: a text embedder with the ONNX backend, the in-memory store's two retrievers, and a joiner
  by reciprocal rank fusion.
- LlamaIndex in a FastAPI application under uvicorn: an embedding class with the ONNX backend, the FAISS store, the BM25
  retriever, and the fusion retriever by reciprocal rank.

The environments have exactly these versions, and none of them is in the project's own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from bench.encoder import apart
from bench.servers import RESULTS, Service, get, post

_NETWORK = ("onnxruntime==1.31.1", "torch==2.13.0")
# The newest that run ONNX: optimum-onnx, which the library's ONNX backend needs, does not support transformers 5.
# The hub's client is named because pip would try all newer ones first.
_ONNX_BACKEND = ("sentence-transformers[onnx]==5.7.0", "transformers==4.57.6", "huggingface-hub==0.36.2")
REQUIREMENTS = {
    "txtai": ("txtai[api]==9.14.0", *_NETWORK),
    "haystack": (
        "haystack-ai==3.4.1",
        "hayhooks==2.1.0",
        "sentence-transformers-haystack==2.0.0",
        *_ONNX_BACKEND,
        *_NETWORK,
    ),
    "llamaindex": (
        "llama-index-core==0.14.25",
        "llama-index-embeddings-huggingface==0.8.0",
        "llama-index-retrievers-bm25==0.8.0",
        "llama-index-vector-stores-faiss==0.7.0",
        "faiss-cpu==1.15.1",
        "fastapi==0.165.0",
        "uvicorn[standard]==0.54.0",
        *_ONNX_BACKEND,
        *_NETWORK,
    ),
}
_HERE = Path(__file__).parent
_SETTINGS = {"HF_HUB_OFFLINE": "1", "HAYSTACK_TELEMETRY_ENABLED": "False", "LOG": "WARNING", "PYTHONPATH": ""}


def environment(name: str, cache: Path) -> Path:
    """A peer's environment, made if it does not exist; returns its folder of programs."""
    folder = cache / name
    wanted = "\n".join(REQUIREMENTS[name])
    made = folder / "requirements.txt"
    if not made.exists() or made.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", *REQUIREMENTS[name]], check=True)
        made.write_text(wanted)
    return folder / "bin"


def service(name: str, cache: Path, passages: Path, work: Path) -> Service:
    """A peer on the passages of a file, which it indexes unless that was done before.

    Args:
        name: One of `REQUIREMENTS`.
        cache: The folder of the environments.
        passages: Lines of JSON, each with `id` and `text`.
        work: The folder of its index.
    """
    programs = environment(name, cache)
    with apart() as process:  # importing qa sets thread counts, which must not affect peers
        model, prompt = process.submit(lay_out_model, cache / "model").result()
    index = work / name
    settings = {
        **_SETTINGS,
        "BENCH_MODEL": str(model),
        "BENCH_PROMPT": prompt,
        "BENCH_PASSAGES": str(passages),
        "BENCH_INDEX": str(index),
    }
    if not index.exists():
        work.mkdir(parents=True, exist_ok=True)
        command = [programs / "python", _HERE / name / "index.py"]
        subprocess.run(command, env={**os.environ, **settings}, check=True)
    make = {"txtai": _txtai, "haystack": _haystack, "llamaindex": _llamaindex}[name]
    return make(programs, index, settings)


def _txtai(programs: Path, index: Path, settings: dict[str, str]) -> Service:
    configuration = index.with_suffix(".yml")
    configuration.write_text(f"path: {index}\nembeddings: {{}}\n")  # the index has its other settings
    command = (str(programs / "uvicorn"), "txtai.api:app", "--port", "{port}", "--log-level", "warning")

    def request(question: str) -> str:
        return get(f"/search?limit={RESULTS}&query={quote(question)}")

    return Service("txtai", command, {**settings, "CONFIG": str(configuration)}, request)


def _haystack(programs: Path, _: Path, settings: dict[str, str]) -> Service:
    pipelines = _HERE / "haystack" / "pipelines"
    command = (
        str(programs / "hayhooks"),
        "run",
        "--port",
        "{port}",
        "--pipelines-dir",
        str(pipelines),
        "--without-tracing",
    )

    def request(question: str) -> str:
        return post("/ask/run", {"question": question, "count": RESULTS})

    return Service("haystack", command, settings, request)


def _llamaindex(programs: Path, _: Path, settings: dict[str, str]) -> Service:
    folder = str(_HERE / "llamaindex")
    command = (str(programs / "uvicorn"), "app:app", "--app-dir", folder, "--port", "{port}", "--log-level", "warning")

    def request(question: str) -> str:
        return get(f"/ask?count={RESULTS}&question={quote(question)}")

    return Service("llamaindex", command, settings, request)


def lay_out_model(folder: Path) -> tuple[Path, str]:
    """The packaged network in the layout of sentence-transformers, and its query prompt. txtai takes the file."""
    from qa.encode.packaged_model import packaged_model  # noqa: PLC0415

    packaged = packaged_model()
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    names = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for place, (kind, path) in enumerate(modules)
    ]
    texts = {
        "modules.json": names,
        "1_Pooling/config.json": {"word_embedding_dimension": 384, "pooling_mode_cls_token": True},
        "sentence_bert_config.json": {"max_seq_length": packaged.max_tokens, "do_lower_case": True},
    }
    for name, content in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(content))
    (folder / "onnx").mkdir(exist_ok=True)
    shutil.copy(packaged.network, folder / "onnx/model.onnx")
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(packaged.network.with_name(name), folder / name)
    return folder, packaged.query_prompt
