"""The packages that only some commands need, and the error if they are not installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from qa.errors import PackageMissing


@dataclass(frozen=True, slots=True)
class Packages:
    """Names of distributions, and how to install them."""

    names: tuple[str, ...]
    remedy: str


BUILDING = Packages(
    (
        "chardet",
        "lxml",
        "markdown-it-py",
        "mdit-py-plugins",
        "olefile",
        "pypdfium2",
        "pyyaml",
        "sentence-transformers",
        "torch",
        "tqdm",
        "watchfiles",
    ),
    "Install requirements.lock, or build elsewhere and copy the index folder here.",
)
CLUSTER = Packages(("ray",), "Install the extra: pip install '.[cluster]'")
MEASURING = Packages(("ir-measures", "scikit-learn"), "Install the extra: pip install '.[eval]'")
COUNTING = Packages(("prometheus-client", "psutil"), "Install the extra: pip install '.[metrics]'")
ASSISTANTS = Packages(("mcp",), "Install the extra: pip install '.[mcp]'")


def check_packages(what: str, *needed: Packages) -> None:
    """Check that packages are installed without importing them.

    Args:
        what: The command or setting that needs them, such as `qa build`.
        needed: The packages.

    Raises:
        PackageMissing: some are not installed; the message names them.
    """
    for packages in needed:
        missing = [name for name in packages.names if not _is_installed(name)]
        if missing:
            raise PackageMissing(
                f"{what} needs packages that are not installed: {', '.join(missing)}. {packages.remedy}"
            )


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
