"""A headless Chromium, driven over its DevTools protocol: as a merchant's browser is."""

import itertools
import json
import os
import re
import shutil
from asyncio import timeout
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.end_to_end.conftest import PATIENCE
from workers.children import guarded

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--headless=new", "--remote-debugging-port=0", "--no-first-run", "--disable-gpu"),
    *("--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking"),
)


class Browser:
    """One tab."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        """What the browser has logged, such as broken policies, but for answers that are no 2xx."""
        self._loads = 0
        self._socket = socket
        self._ids = itertools.count(1)
        self._session: dict[str, str] = {}

    async def open(self) -> None:
        """Open the tab."""
        target = (await self._call("Target.createTarget", url="about:blank"))["targetId"]
        attached = await self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Log", "Runtime"):
            await self._call(f"{domain}.enable")

    async def go(self, url: str) -> None:
        """Go to a page, over all redirects, and wait until it is loaded."""
        before = self._loads
        await self._call("Page.navigate", url=url)
        await self._loaded(before)

    async def click(self, selector: str) -> None:
        """Click something that leads to another page, and wait until that is loaded."""
        before = self._loads
        await self.run(f"document.querySelector({json.dumps(selector)}).click()")
        await self._loaded(before)

    async def fill(self, selector: str, text: str) -> None:
        """Write into a field."""
        await self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}")

    async def run(self, script: str) -> Any:
        """Run a script in the page as the developer tools do, and return what it comes to."""
        ran = await self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in ran, ran
        return ran["result"].get("value")

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        await self._socket.send_json(
            {"id": number, "method": method, "params": params} | self._session
        )
        while (message := await self._next()).get("id") != number:
            pass
        assert "error" not in message, message
        found: dict[str, Any] = message["result"]
        return found

    async def _loaded(self, before: int) -> None:
        while self._loads == before:
            await self._next()

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json(timeout=PATIENCE)
        self._loads += message.get("method") == "Page.loadEventFired"
        if message.get("method") == "Log.entryAdded":
            said = message["params"]["entry"]["text"]
            self.complaints += [said] if "responded with a status of" not in said else []
        return message


@asynccontextmanager
async def open_browser(folder: Path) -> AsyncIterator[Browser]:
    """Start Chromium with a profile of its own, and open a tab."""
    assert CHROMIUM
    flags = [*FLAGS, f"--user-data-dir={folder}"] + ["--no-sandbox"] * (os.geteuid() == 0)
    process = await create_subprocess_exec(
        *guarded([CHROMIUM, *flags, "about:blank"]),
        stdin=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stderr
    try:
        async with timeout(PATIENCE):
            said = ""
            while not (found := re.search(r"ws://\S+", said)):
                said = (await process.stderr.readline()).decode()
                assert said, "Chromium has ended"
        async with aiohttp.ClientSession() as http, http.ws_connect(found[0]) as socket:
            browser = Browser(socket)
            await browser.open()
            yield browser
    finally:
        process.stdin.close()
        await process.communicate()
