"""The demo's tour and every attack in Firefox, over WebDriver BiDi: ``make campaign-firefox``.

Playwright drives a Firefox of its own making; this is the one that people have (firefox-esr).
Prints what either side said, and ends with status 1 when a step or an attack said something else
than it must, or a page complained.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from demo_process import DemoProcess
from test_demo import SAID
from test_demo_tour import CAME
from tornado.websocket import WebSocketClientConnection, websocket_connect

_SECONDS = 60.0
#: Waits in the page for what must become true; a hash is acted on a moment after it was set.
_WAIT = """
  const wait = (when) => new Promise((done, fail) => {
    const until = Date.now() + ms;
    const look = () => {
      if (when()) done();
      else if (Date.now() > until) fail(new Error(name));
      else setTimeout(look, 50);
    };
    look();
  });
  const find = (selector) => document.querySelector(selector);
  const go = (hash) => {
    location.hash = hash;
    return wait(() => find(`nav a[aria-current][href="#${hash}"]`));
  };
  const told = (selector) =>
    JSON.stringify([...document.querySelectorAll(selector)].map((it) => it.textContent));
"""
_STEP = f"""async ([name, ms]) => {{{_WAIT}
  await go(name);
  find("[data-guess=cookie][value=true]").click();
  find("[data-guess=session][value=true]").click();
  find("#see").click();
  await wait(() => !find("#next").hidden);
  return told("[data-verdict]");
}}"""
_ATTACK = f"""async ([name, ms]) => {{{_WAIT}
  await go("attacks");
  const button = find(`[data-action=${{name}}]`);
  await wait(() => button.getAttribute("aria-disabled") === "false");
  button.click();
  const title = name === "thaw" ? "The store is back" : button.textContent;
  await wait(() => find("#result-title").textContent === title);
  return told(".verdict .word");
}}"""


class Bidi:
    """A session with a browser; ``complaints`` are what its pages logged as wrong."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self.complaints: list[str] = []

    async def ask(self, method: str, **params: Any) -> Any:
        """Return the result of a command; `RuntimeError` for an error."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": params}
        await self._connection.write_message(json.dumps(command))
        while True:
            text = await asyncio.wait_for(self._connection.read_message(), _SECONDS)
            answer = json.loads(text or "{}")
            if answer.get("id") == self._number:
                if answer["type"] == "error":
                    raise RuntimeError(answer["message"])
                return answer["result"]
            entry = answer.get("params", {})
            if answer.get("method") == "log.entryAdded" and entry.get("level") == "error":
                self.complaints.append(str(entry.get("text")))

    async def call(self, context: str, function: str, *values: Any) -> Any:
        """Return what a function of the page returns for JSON."""
        given = json.dumps(list(values))
        result = await self.ask(
            "script.evaluate",
            expression=f"({function})({given})",
            target={"context": context},
            awaitPromise=True,
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"].get("value") or "null")


@asynccontextmanager
async def firefox() -> AsyncIterator[Bidi]:
    """Start one without a window, and leave nothing behind."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    assert path, "no Firefox found"
    with tempfile.TemporaryDirectory() as profile:
        command = [path, "--headless", "--no-remote", "--profile", profile]
        command.append("--remote-debugging-port=0")
        process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
        try:
            url = await asyncio.wait_for(_listening(process), _SECONDS)
            bidi = Bidi(await websocket_connect(f"{url}/session"))
            await bidi.ask("session.new", capabilities={})
            await bidi.ask("session.subscribe", events=["log.entryAdded"])
            yield bidi
        finally:
            process.terminate()
            await process.wait()


async def _listening(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"WebDriver BiDi listening on (ws://\S+)", line):
            return found[1].decode()
    raise RuntimeError("Firefox ended")


async def main(demo: DemoProcess) -> int:
    """Do all of it; return the exit status."""
    wrong = []
    async with firefox() as bidi:
        tree = await bidi.ask("browsingContext.getTree")
        page = tree["contexts"][0]["context"]
        url = f"{demo.url}/?pace=0#start"
        await bidi.ask("browsingContext.navigate", context=page, url=url, wait="interactive")
        # The tour ends with the store away.
        attacks = {"thaw": SAID["thaw"], **{name: SAID[name] for name in SAID if name != "thaw"}}
        for script, words in ((_STEP, CAME), (_ATTACK, attacks)):
            for name, expected in words.items():
                said = await bidi.call(page, script, name, 1000 * _SECONDS)
                right = all(word in told for word, told in zip(expected, said, strict=True))
                print(f"{'✓' if right else '✗'} {name}: {' | '.join(said)}", flush=True)
                wrong += [] if right else [name]
        for complaint in bidi.complaints:
            print(f"✗ the page: {complaint}")
        return 1 if wrong or bidi.complaints else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    with DemoProcess() as running:
        sys.exit(asyncio.run(main(running)))
