"""Describes what the next build must repeat because the program or the model has changed.

| what differs | read | encoded | written |
|---|---|---|---|
| the index's format | all | all | all |
| the model's weights, or the bits of token vectors | nothing | all | all |
| the loader, or how passages are cut | all | passages that no stored text equals | all |
| the analyser, or the model's name alone | nothing | nothing | all |
"""

from __future__ import annotations

from qa.building.plan import same_configuration
from qa.building.reuse import reader_of
from qa.encode import model_name
from qa.index.local.version import Configuration
from qa.reading.documents import loader_identity
from qa.reading.passages import PASSAGES_VERSION
from qa.settings import Settings
from qa.text.words import ANALYSER_VERSION


def effect_of(before: Configuration, after: Configuration) -> str:
    """What the next build repeats for all documents, as one sentence; empty if it reuses everything.

    Args:
        before: The configuration of the current version.
        after: The configuration in use.
    """
    if same_configuration(before, after):
        return ""
    reads = reader_of(before) != reader_of(after)
    encodes = (before.weights, before.token_bits) != (after.weights, after.token_bits)
    form = "the model's weights" if before.weights != after.weights else "the bits of token vectors"
    if reads and encodes:
        does = f"reads and encodes all documents anew, since the loader and {form} have changed"
    elif encodes:
        does = f"encodes all documents anew, since {form} have changed"
    elif reads:
        does = "reads all documents anew and encodes what is cut otherwise, since the loader has changed"
    else:
        does = "writes all documents anew from what is stored, since the analyser or the model's name has changed"
    return f"A build {does}."


def configuration_in_use(settings: Settings, weights: str) -> Configuration:
    """The configuration of a build now; `weights` is the model's fingerprint."""
    return Configuration(
        model=model_name(settings),
        weights=weights,
        loader=loader_identity(),
        passages=PASSAGES_VERSION,
        analyser=ANALYSER_VERSION,
        token_bits=settings.token_bits,
        dimension=0,  # it follows from the weights, which are loaded only if something is encoded
    )
