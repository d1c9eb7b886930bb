"""Serves the tools and resources with the official SDK, over any of its transports.

Blocking work runs on the application's workers, with the same limits as the API. Errors of `qa.errors` reach the client
as `code: message`; an unexpected exception is logged, and the client gets a general message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Annotated, Any, Protocol, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError, ToolError
from mcp_types import Tool, ToolAnnotations
from pydantic import Field, ValidationError
from starlette.requests import Request

from qa.answering.service import Service
from qa.errors import InvalidRequest, QAError, RequestError
from qa.text.safe_text import printable
from qa.web.api.request_models import DEFAULT_RESULTS, BodyFilters, Results
from qa.web.errors import describe
from qa.web.limits.rate_limit import DOCUMENT, LIST, QUESTION, Allowance
from qa.web.limits.workers import Workers
from qa.web.mcp import tools
from qa.web.mcp.results import AskResult, Fetched, SearchResults

T = TypeVar("T")


class _Run(Protocol):
    """Runs a call on the workers."""

    async def __call__(self, context: Context[Any, Any] | None, cost: float, call: Callable[[Service, str], T]) -> T:
        """The result of `call`, which gets the service and its address; it counts as `cost` questions."""
        ...


_INSTRUCTIONS = (
    "Answers questions with exact quotations from a collection of documents. Use ask for a question: its verdict says "
    "whether the documents answer it. Quote passages word for word and cite their url. If the verdict is none, say "
    "that the documents do not answer; do not answer from elsewhere in their name."
)
_READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_Query = Annotated[str, Field(description="A question or some words, in plain English")]
_Id = Annotated[str, Field(description="The id of a result of search, or of a document")]


class Server(MCPServer[Any]):
    """The SDK's server with this package's errors; `failed`, if set, is called with each error's code."""

    failed: Callable[[str], object] | None = None

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        """Call a tool.

        Raises:
            ToolError: with `code: message`; the client sees it as the tool's result.
        """
        try:
            self._check_names(await self.list_tools(), name, arguments)
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, ValidationError):
                cause = InvalidRequest(describe(cause.errors()))
            self._count(cause or error)
            if isinstance(cause, QAError):
                raise ToolError(f"{cause.code}: {cause}") from cause
            raise

    async def read_resource(self, uri: Any, context: Any = None) -> Iterable[Any] | Any:
        """Read a resource.

        Raises:
            ResourceError: with `code: message`; the client sees it as an error of the protocol.
        """
        try:
            return await super().read_resource(uri, context)
        except ResourceError as error:
            cause = error.__cause__
            self._count(cause or error)
            if isinstance(cause, QAError):
                kind = ResourceNotFoundError if isinstance(cause, RequestError) else ResourceError
                raise kind(f"{cause.code}: {cause}") from cause
            raise

    @staticmethod
    def _check_names(tools: Iterable[Tool], name: str, arguments: Iterable[str]) -> None:
        """Refuse arguments that a tool does not have, which the SDK ignores: a misspelt filter would not filter."""
        for tool in tools:
            unknown = [each for each in arguments if each not in tool.input_schema["properties"]]
            if tool.name == name and unknown:
                known = ", ".join(tool.input_schema["properties"])
                told = f"{printable(unknown[0][:200])} is not a parameter of {name}; known are {known}."
                raise ToolError(f"{InvalidRequest.code}: {told}") from InvalidRequest(told)

    def _count(self, error: BaseException) -> None:
        if self.failed:
            known = isinstance(error, QAError | ToolError | ResourceError)
            self.failed(error.code if isinstance(error, QAError) else InvalidRequest.code if known else "internal")


def create_server(
    service: Callable[[], Service],
    workers: Workers,
    base_url: Callable[[Request | None], str],
    allowance: Allowance | None = None,
    failed: Callable[[str], object] | None = None,
) -> Server:
    """Create a server. It can be run once.

    Args:
        service: Returns the service; may block, and may raise errors of `qa.errors`.
        workers: Run blocking calls.
        base_url: Returns the address of this service for readers, without a final slash; its argument is the call's
            HTTP request, or None.
        allowance: Limits the calls of each address.
        failed: Called with the code of each error sent to a client.
    """
    server = Server(
        "qa",
        title="Questions to documents",
        instructions=_INSTRUCTIONS,
        version=version("qa"),
        log_level="WARNING",
        subscriptions=False,  # an open stream would hold a connection for each listener
    )

    server.failed = failed

    async def run(context: Context[Any, Any] | None, cost: float, call: Callable[[Service, str], T]) -> T:
        request: Request | None = context.request_context.request if context else None
        if allowance and request:
            allowance.take(request, cost)
        url = base_url(request)
        return await workers.run(None, lambda: call(service(), url))

    _add_tools(server, run)
    _add_resources(server, run)
    return server


def _add_tools(server: Server, run: _Run) -> None:
    @server.tool(title="Search the documents", annotations=_READ_ONLY)
    async def search(query: _Query, context: Context[Any, Any]) -> SearchResults:
        """Find passages of the documents that are about a question, best first, each word for word with its source.

        The result is empty if the documents have nothing relevant.
        """
        return await run(context, QUESTION, lambda service, url: tools.search(service, url, query))

    @server.tool(title="Fetch a passage or a document", annotations=_READ_ONLY)
    async def fetch(id: _Id, context: Context[Any, Any]) -> Fetched:  # noqa: A002 - the name that connectors send
        """Get the exact text of a passage by the id that search gave, or of a whole document by its id."""
        return await run(context, DOCUMENT, lambda service, url: tools.fetch(service, url, id))

    @server.tool(title="Ask the documents", annotations=_READ_ONLY)
    async def ask(
        question: _Query,
        context: Context[Any, Any],
        k: Results = DEFAULT_RESULTS,
        filters: BodyFilters | None = None,
    ) -> AskResult:
        """Ask a question: a verdict on whether the documents answer it, and quotations with exact citations."""
        wanted = (filters or BodyFilters()).filters()
        return await run(context, QUESTION, lambda service, url: tools.ask(service, url, question, k, wanted))


def _add_resources(server: Server, run: _Run) -> None:
    @server.resource("document://{document_id}", title="A document", mime_type="text/plain")
    async def document(document_id: str, context: Context[Any, Any]) -> str:
        """The text of a document, to which all offsets refer."""
        return await run(context, DOCUMENT, lambda service, _: service.document(document_id).text)

    @server.resource("documents://list", title="The list of documents", mime_type="application/json")
    async def documents() -> str:
        """All documents without their text: id, resource, title, publisher, author and date."""
        return await run(None, LIST, lambda service, _: tools.list_documents(service))  # the SDK passes it no context
