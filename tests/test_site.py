"""The documentation as a site: it builds, every rule, setting and command has its place in it, and no link leads nowhere."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from losslint.cli import COMMANDS
from losslint.rule import Rule
from losslint.settings import KEYS

PROJECT = Path(__file__).parent.parent


class Page(HTMLParser):
    """The anchors, links and words of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value for key, value in attrs if value is not None}
        self.anchors |= {named["id"]} if "id" in named else set()
        self.links |= {named[key] for key in ("href", "src") if key in named}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return folder


def test_every_rule_has_a_page(site: Path, built_in: tuple[Rule, ...]) -> None:
    listed = Page(site / "rules" / "index.html")
    for rule in built_in:
        page = Page(site / "rules" / rule.name / "index.html")
        assert f"{rule.code} {rule.name}: " in page.text
        assert {"what-it-does", "known-misses", "references"} <= page.anchors
        assert f"{rule.name}/" in listed.links


def test_every_setting_has_a_section(site: Path) -> None:
    assert Page(site / "settings" / "index.html").anchors >= set(KEYS)


def test_every_command_has_a_section(site: Path) -> None:
    page = Page(site / "commands" / "index.html")
    assert page.anchors >= {f"losslint-{command.__name__.replace('_', '-')}" for command in COMMANDS} | {"losslint-why"}
    assert "--write-baseline" in page.text and "--stop-after N" in page.text


def test_no_link_leads_nowhere(site: Path) -> None:
    pages = {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    dead = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (parts.fragment and target in pages and parts.fragment not in pages[target].anchors):
                dead.append((path.relative_to(site).as_posix(), link))
    assert len(pages) > 30 and dead == []
