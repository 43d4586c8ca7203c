"""A Chromium for the tests of the page: the machine's own, or Debian's package. Standard library only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from playground.progress import Progress
from playground.runs import DEV
from playground.steps import Step
from playground.tools import run

HOW_TO_GET_IT = (
    "needs Chromium, Chrome or Edge: `sudo apt-get install chromium` on Debian, "
    "`brew install --cask chromium`, `winget install Google.Chrome`, or https://www.google.com/chrome/"
)

PROGRAMS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)
"""Their names on PATH, the least changed Chromium first: the one that is nothing but the engine takes a third of the
processor's time for a page, since the others make a window for each, with all that is in it, where nobody sees it."""

MAC_APPS = ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS_PROGRAMS = (
    Path("Chromium/Application/chrome.exe"),
    Path("Google/Chrome/Application/chrome.exe"),
    Path("Microsoft/Edge/Application/msedge.exe"),
)
WINDOWS_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")

DEBIAN_CHROMIUM = Path("/usr/bin/chromium-headless-shell")
"""Where Debian's package puts it."""

DEBIAN_MEGABYTES = 110

OS_RELEASE = Path("/etc/os-release")


def find_chromium() -> Path | None:
    """The one on PATH, else one where its installer puts it, else None."""
    for program in PROGRAMS:
        if found := shutil.which(program):
            return Path(found)
    return next((place for place in _usual_places(sys.platform, os.environ) if place.is_file()), None)


def apt_can_install_it(os_release: Path = OS_RELEASE) -> bool:
    """True where ``apt-get install chromium-headless-shell`` gives one without asking: as root on Debian.

    Not on Ubuntu, which has Chromium only as a snap, and containers cannot run those.
    """
    if sys.platform == "win32" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    lines = os_release.read_text(encoding="utf-8").splitlines() if os_release.is_file() else []
    return "ID=debian" in lines


def debian_chromium() -> Step:
    """Installs Debian's package."""

    def work(progress: Progress) -> None:
        progress.say("apt-get update")
        run(progress, ["apt-get", "update"])
        progress.say(f"apt-get install {DEBIAN_CHROMIUM.name}")
        # Without a font for them, the emoji on the pictures would be empty boxes.
        packages = [DEBIAN_CHROMIUM.name, "fonts-noto-color-emoji"]
        run(progress, ["apt-get", "install", "--yes", "--no-install-recommends", *packages])

    stamp = DEV / "stamps" / "chromium"
    return Step("Chromium", DEBIAN_MEGABYTES, stamp, "apt", DEBIAN_CHROMIUM, work, DEBIAN_CHROMIUM)


def _usual_places(platform: str, environ: Mapping[str, str]) -> Iterator[Path]:
    if platform == "darwin":
        for folder in (Path("/Applications"), Path.home() / "Applications"):
            yield from (folder / f"{app}.app" / "Contents" / "MacOS" / app for app in MAC_APPS)
    elif platform == "win32":
        for name in WINDOWS_FOLDERS:
            if name in environ:
                yield from (Path(environ[name]) / program for program in WINDOWS_PROGRAMS)
