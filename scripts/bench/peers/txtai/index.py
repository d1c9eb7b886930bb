"""Index the passages with txtai. Runs in txtai's environment."""

import json
import os
from pathlib import Path

from txtai import Embeddings

model = Path(os.environ["BENCH_MODEL"])
embeddings = Embeddings(
    path=str(model / "onnx/model.onnx"),
    tokenizer=str(model / "tokenizer.json"),
    maxlength=512,
    instructions={"query": os.environ["BENCH_PROMPT"], "data": ""},
    hybrid=True,
    content=True,
)
with Path(os.environ["BENCH_PASSAGES"]).open(encoding="utf-8") as lines:
    embeddings.index(json.loads(line) for line in lines)
embeddings.save(os.environ["BENCH_INDEX"])
