"""The documentation as a site: built without a warning, and walked through in a browser."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from fsm.cli import COMMANDS
from fsm.policies import CATALOGUE

ROOT = Path(__file__).parent.parent
PHONE: ViewportSize = {"width": 390, "height": 844}
TABLET: ViewportSize = {"width": 768, "height": 1000}
DESK: ViewportSize = {"width": 1280, "height": 800}
SIZES = (PHONE, TABLET, DESK)
ALIKE = {f"matrix-{version}" for version in range(1, 12)}
"""Pages that are made like that of Matrix's last version, of the same parts."""

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", folder / "trees", ROOT / "docs", folder / "site"],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "site"


def pages(site: Path) -> Iterator[Path]:
    yield from (path for path in sorted(site.rglob("*.html")) if path.name not in ("genindex.html", "py-modindex.html"))


def test_there_is_a_page_for_everything(site: Path) -> None:
    for name in CATALOGUE:
        assert (site / "reference" / "policies" / f"{name}.html").exists()
    commands = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"fsm {name} " not in commands and f">{name}<" not in commands] == []


def test_every_link_leads_somewhere(site: Path, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    broken = []
    for path in pages(site):
        page.goto(path.as_uri())
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            place, _, anchor = link.partition("#")
            if not place.startswith("file://"):
                assert place.startswith("https://"), link
                continue
            file = Path(place.removeprefix("file://").partition("?")[0])
            ids = (f'id="{anchor}"', f"id='{anchor}'")
            if not file.exists() or (anchor and not any(each in file.read_text(encoding="utf-8") for each in ids)):
                broken.append((path.name, link))
    context.close()
    assert broken == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_quiet_fits_and_can_be_used(
    site: Path, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.extend(_asked(request.url)))
    for path in pages(site):
        page.goto(path.as_uri())
        assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
        for size in SIZES:
            page.set_viewport_size(size)
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                complaints.append(f"{path.name} is wider than {size['width']} pixels")
            if size != TABLET and path.stem not in ALIKE:
                complaints += [f"{path.name} at {size['width']}: {fault}" for fault in _faults(page)]
    context.close()
    assert complaints == []


def _asked(url: str) -> Iterator[str]:
    if not url.startswith(("file://", "data:")):
        yield f"request: {url}"


def _faults(page: Page) -> Iterator[str]:
    for fault in Axe().run(page, options={"preload": False}).response["violations"]:
        for node in fault["nodes"]:
            yield f"{fault['id']}: {node['html'][:100]}"
