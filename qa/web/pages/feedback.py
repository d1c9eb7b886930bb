"""The route for a reader's answer to "Was this what you asked for?"; it exists only if questions are logged.

The form has no fields, so its body is empty, and it works without JavaScript. A page of another site cannot send it:
the guard checks the origin.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.question_log import QuestionLog
from qa.errors import InvalidRequest
from qa.web.api.routing import OnWorkers, counted_as_list
from qa.web.pages.page_query import asked_from
from qa.web.pages.render import page

router = APIRouter(route_class=OnWorkers, include_in_schema=False)


@router.post("/feedback", dependencies=[Depends(counted_as_list)])
def feedback(request: Request) -> Response:
    """Store the reader's answer with the question in the address."""
    found = request.query_params.get("found")
    if found not in ("yes", "no"):
        raise InvalidRequest("found must be yes or no.")
    asked = asked_from(request.query_params)
    log: QuestionLog = request.app.state.question_log
    log.feedback(asked.question, found=found == "yes")
    return page(request, "feedback.html", asked=asked)
