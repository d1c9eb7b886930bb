"""Requests made from the service's own OpenAPI description by schemathesis, with all of its checks.

Requests that the description allows must be accepted, others refused, and each reply must be as described.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from schemathesis import Case
from schemathesis.core.failures import AcceptedNegativeData, Failure, FailureGroup
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import AuthScenario, IgnoredAuth, RejectedPositiveData

from fuzzing.contract import Outside, Reply, hold_promises
from qa.text.document_names import why_refused
from qa.text.safe_text import compose

_DAYS = ("date_from", "date_to")


def call(case: Case, token: str) -> Reply:
    """Send one request and check its reply against the description and the contract.

    Raises:
        Outside: the reply is not as described.
    """
    _in_order(case)
    secured = "security" in case.operation.definition.raw
    response = case.call(headers={"Authorization": f"Bearer {token}"} if secured else None)
    try:
        case.validate_response(response)
    except (Failure, FailureGroup) as fault:
        faults = [each for each in _each(fault) if not _limited(each) and not _refused_in_words(case, each)]
        if faults:
            raise Outside(_told(fault, faults)) from fault
    reply = _reply(response)
    hold_promises(reply)
    return reply


def _in_order(case: Case) -> None:
    """Put the days of a range in order, which the description requires only in words."""
    body = case.body.get("filters") if isinstance(case.body, dict) else None
    for given in (case.query, body):
        if isinstance(given, dict) and all(isinstance(given.get(day), str) for day in _DAYS):
            given["date_from"], given["date_to"] = sorted(given[day] for day in _DAYS)


def _each(fault: Failure | FailureGroup) -> tuple[Any, ...]:
    return tuple(fault.exceptions) if isinstance(fault, FailureGroup) else (fault,)


def _limited(fault: Any) -> bool:
    """Whether a wrong token got a 429 (after many from one address), which counts as a 401."""
    return (
        isinstance(fault, IgnoredAuth)
        and fault.scenario is not AuthScenario.NO_AUTH
        and "got `429 Too Many Requests`" in fault.message
    )


def _refused_in_words(case: Case, fault: Any) -> bool:
    """Whether a file was refused for a reason that the description gives only in words.

    Such are a name with an invisible character, the type of a file in a form, and one file of a form among others.
    """
    if case.operation.definition.raw["operationId"] == "add_documents":
        return isinstance(fault, RejectedPositiveData | AcceptedNegativeData)
    name = unquote(str(case.path_parameters.get("document_id") or case.path_parameters.get("path", "")))
    return isinstance(fault, RejectedPositiveData) and case.method != "GET" and bool(why_refused(compose(name)))


def _told(fault: Failure | FailureGroup, faults: Sequence[Any]) -> str:
    case = str(fault).partition("Reproduce with:")[2].strip()
    told = "; ".join(f"{each.title}: {each.message}" for each in faults)
    return f"{told} {case}".replace("\n", " ").strip()


def _reply(response: Response) -> Reply:
    given: Mapping[str, list[str]] = response.headers
    headers = {name.lower(): ", ".join(values) for name, values in given.items()}
    return Reply(response.status_code, headers, response.content)


__all__ = ["call"]
