"""A browser for tests: Debian's Chromium without a window, asked by its own protocol, in light and dark."""

import contextlib
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import websocket

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
STARTS_WITHIN_S = 60


class Page:
    """One tab."""

    def __init__(self, address: str):
        self._line = websocket.create_connection(address, timeout=180, suppress_origin=True)
        self._number = 0
        self.logged: list[Any] = []

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its answer; what the page logs meanwhile is kept."""
        self._number += 1
        self._line.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._line.recv())
            if answer.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.logged.append(answer["params"])
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def close(self) -> None:
        """Let go of the tab."""
        self._line.close()

    def open(self, path: Path, width: int = 1280, *, dark: bool = False, height: int = 900) -> None:
        """Open a file as a screen of this width would show it. The page's policy holds, but for scripts of ours."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.ask("Page.enable")
        self.ask("Page.navigate", url=path.as_uri())
        until = time.monotonic() + STARTS_WITHIN_S
        while self.evaluate("document.readyState") != "complete" or self.evaluate("location.href") != path.as_uri():
            if time.monotonic() > until:
                raise TimeoutError(f"{path} did not load")
            time.sleep(0.05)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; of a promise what it comes to."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        root = "document.documentElement"
        return int(self.evaluate(f"{root}.scrollWidth - {root}.clientWidth"))

    def barriers(self) -> list[str]:
        """Return what axe-core finds on the page that keeps somebody from reading it, a line for each kind."""
        self.evaluate((resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8"))
        found = self.evaluate("axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html)]))")
        return [f"{rule}: {len(nodes)}, as {nodes[0][:200]}" for rule, nodes in found]


class Browser:
    """Chromium and a page that runs a script of its own, and hands out files into a folder."""

    def __init__(self, folder: Path):
        self._process, self._page = _started(folder / "profile")
        for domain in ("Log", "Runtime"):
            self._page.ask(f"{domain}.enable")
        self._page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    @property
    def logged(self) -> list[Any]:
        """What the page has logged."""
        return self._page.logged

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and return its answer."""
        return self._page.ask(method, **parameters)

    def open(self, page: Path) -> None:
        """Open a page, and wait until its own script has run."""
        self._page.open(page.absolute())

    def run(self, script: str) -> Any:
        """Return what an expression comes to in the page, as if a user had clicked."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, userGesture=True)
        return answer["result"].get("value")

    def saved(self, folder: Path) -> Path:
        """Return the file that the page hands out, once it is there."""
        self.run("document.getElementById('save').click()")
        until = time.monotonic() + STARTS_WITHIN_S
        while not (found := sorted(folder.glob("*.json"))):
            if time.monotonic() > until:
                raise TimeoutError("the page handed out no file")
            time.sleep(0.05)
        return found[0]

    def close(self) -> None:
        """End it."""
        self._page.close()
        self._process.terminate()
        self._process.wait(timeout=30)


@contextlib.contextmanager
def browser() -> Iterator[Page]:
    """Start Chromium and yield a tab of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process, page = _started(Path(profile))
        try:
            yield page
            page.close()
        finally:
            process.terminate()
            process.wait(timeout=30)


def _started(profile: Path) -> tuple[subprocess.Popen[bytes], Page]:
    """Start Chromium with nothing of anybody's in it and no way out, and return it with its first tab."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    flags += [
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "--remote-allow-origins=*",
        "--hide-scrollbars",
    ]
    flags += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "about:blank"]
    process = subprocess.Popen([CHROMIUM, *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return process, Page(_address(profile / "DevToolsActivePort"))
    except BaseException:
        process.kill()
        raise


def _address(port_file: Path) -> str:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError, ValueError):
            port, _ = port_file.read_text().split("\n")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
                tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
            return str(tabs[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise TimeoutError("Chromium did not start")
