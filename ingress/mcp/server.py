"""The protocol's server, from its official SDK. Slow to import (1 s), so nothing else names it."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib.metadata import version
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as Listed

from actions.errors import BackroomError
from ingress.mcp import telling
from ingress.mcp.bridge import Asgi
from ingress.mcp.desk import Desk
from ingress.mcp.tools import INSTRUCTIONS, Tool, tools
from ingress.mcp.visits import VISIT, Visit

Context = ServerRequestContext[Any, Any]
Whose = Callable[[Context], Awaitable[Visit]]
"""Says whose request it is."""

logging.getLogger("mcp").setLevel(logging.WARNING)  # at INFO it tells of each request


def server(desk: Desk, whose: Whose) -> Server[Any]:
    """Return a server whose tools and calls are those of the visit that a request belongs to."""

    async def listed(context: Context, _: PaginatedRequestParams | None) -> ListToolsResult:
        try:
            found = tools(await whose(context))
        except BackroomError as error:
            raise MCPError(INTERNAL_ERROR, telling.trouble(error).text) from None
        return ListToolsResult(tools=[_listed(tool) for tool in found])

    async def called(context: Context, asked: CallToolRequestParams) -> CallToolResult:
        try:
            result = await desk.call(await whose(context), asked.name, asked.arguments or {})
        except BackroomError as error:
            result = telling.trouble(error)
        return CallToolResult(
            content=[TextContent(type="text", text=result.text)],
            structured_content=result.structure or None,
            is_error=result.is_error,
        )

    return Server(
        "backroom",
        version=version("backroom"),
        title="Lightspeed Retail X-Series, through Backroom",
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
        get_tool_input_schema=lambda _: None,  # no parameter of ours comes in a header
    )


def over_http(
    desk: Desk, hosts: list[str], origins: list[str], most: int
) -> tuple[Asgi, AbstractAsyncContextManager[None]]:
    """Return what answers requests, and what must be open meanwhile. No sessions are kept."""
    manager = StreamableHTTPSessionManager(
        server(desk, _came_with_it),
        json_response=True,
        stateless=True,
        max_request_body_size=most,
        security_settings=TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins),
    )
    return manager.handle_request, manager.run()


async def over_stdio(desk: Desk, whose: Callable[[], Awaitable[Visit]]) -> None:
    """Serve one client on stdin and stdout until it closes them."""
    ours = server(desk, lambda _: whose())
    async with stdio_server() as (read, write):
        await ours.run(read, write, ours.create_initialization_options())


async def _came_with_it(context: Context) -> Visit:
    request: Any = context.request
    found: Visit = request.scope[VISIT]
    return found


@cache
def _listed(tool: Tool) -> Listed:
    return Listed(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema,
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reads,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
    )
