"""The route for a reader's answer to "Was this what you asked for?"; it exists only if questions are logged.

The form has no fields, so its body is empty, and it works without JavaScript. A page of another site cannot send it:
the guard checks the origin.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.question_log import QuestionLog
from qa.web.api.dependencies import Runner, counted_as_list
from qa.web.pages.page_query import asked_from
from qa.web.pages.routes import Templates

router = APIRouter(include_in_schema=False)


@router.post("/feedback", dependencies=[Depends(counted_as_list)])
async def feedback(
    request: Request, run: Runner, pages: Templates, found: Annotated[Literal["yes", "no"], Query()]
) -> Response:
    """Store the reader's answer with the question in the address."""
    asked = asked_from(request.query_params)
    log: QuestionLog = request.app.state.question_log
    log.feedback(asked.question, found=found == "yes")
    return await run(lambda: pages.render(request, "feedback.html", asked=asked))
