"""A page laid out by a real browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
PROBE = "<script>document.title = [document.documentElement.scrollWidth, getComputedStyle(document.body).backgroundColor].join()</script>"
NARROWEST = 500  # pixels: a window of Chromium is not narrower


def laid_out(page: str, folder: Path, width: int, dark: bool) -> tuple[int, str]:
    """How wide a page becomes in a window of `width` pixels, and the colour of its ground."""
    assert BROWSER is not None
    (folder / "page.html").write_text(page.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900", "--dump-dom"]
    colour = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    ran = subprocess.run([*command, colour, str(folder / "page.html")], capture_output=True, text=True, check=True, timeout=120)
    wide, _, ground = ran.stdout.partition("<title>")[2].partition("</title>")[0].partition(",")
    return int(wide), ground
