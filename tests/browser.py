"""Chromium without a window, asked over its debugging line: for tests of pages that run a script of their own."""

import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import websocket

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")


class Browser:
    """Chromium without a window, and one page in it."""

    def __init__(self, folder: Path):
        words = (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            "--remote-allow-origins=*",
        )
        self._process = subprocess.Popen(
            [CHROMIUM, *words, "--remote-allow-origins=*", f"--user-data-dir={folder / 'profile'}", "about:blank"],
            stderr=subprocess.DEVNULL,
        )
        self._count = 0
        self.logged: list[Any] = []
        port = self._until(lambda: (folder / "profile" / "DevToolsActivePort").read_text().split()[0])
        tabs = self._until(lambda: json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json")))
        page = next(tab for tab in tabs if tab["type"] == "page")
        self._line = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60)
        for domain in ("Page", "Log", "Runtime"):
            self.call(f"{domain}.enable")
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    @staticmethod
    def _until(ask: Any) -> Any:
        deadline = time.monotonic() + 60
        while True:
            try:
                return ask()
            except (OSError, IndexError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def call(self, method: str, **params: Any) -> Any:
        """Ask the browser for something, and return its answer; what it logs meanwhile is kept."""
        self._count += 1
        self._line.send(json.dumps({"id": self._count, "method": method, "params": params}))
        while (said := json.loads(self._line.recv())).get("id") != self._count:
            if said["method"] in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.logged.append(said["params"])
        return said["result"]

    def open(self, page: Path) -> None:
        """Open a page, and wait until its own script has run."""
        self.call("Page.navigate", url=page.absolute().as_uri())
        self._until(lambda: ["done"][not self.run("document.readyState === 'complete'")])

    def run(self, script: str) -> Any:
        """Return what an expression comes to in the page."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True, userGesture=True)["result"].get(
            "value"
        )

    def saved(self, folder: Path) -> Path:
        """Return the file that the page handed out, once it is whole."""
        self.run("document.getElementById('save').click()")
        return self._until(lambda: next(path for path in [sorted(folder.glob("*.json"))[0]]))

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.terminate()
        self._process.wait()
