"""How Sphinx builds the site: `make docs`."""

import os
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from policy_pages import write_pages

from fsm import __version__

project = "fsm"
author = "the authors of mimi-fsm"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click"]
myst_enable_extensions = ["deflist", "colon_fence"]
myst_heading_anchors = 3
default_role = "literal"
exclude_patterns = ["build"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
add_module_names = False

html_theme = "furo"
html_title = f"fsm {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": False}
pygments_style = "default"

# Made from the policies, before anything is read; whoever writes prose may keep them as they are.
if "FSM_DOCS_KEEP" not in os.environ:
    write_pages(Path(__file__).parent)

ACCESSIBLE = [
    (r'role="heading">', 'role="heading" aria-level="2">'),
    (r'<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="All pages">'),
    (r'<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    (r"<pre>", '<pre tabindex="0">'),
    (r'<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    (r'(?=<div id="search-results">)', "<h1>Search</h1>"),
]
"""What the theme leaves out, and readers by keyboard and ear need."""


def setup(app: Any) -> None:
    """Add to every page what the theme leaves out."""
    app.connect("build-finished", _complete)


def _complete(app: Any, problem: Exception | None) -> None:
    if problem is None:
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            for pattern, words in ACCESSIBLE:
                # Pages that were not written anew have it already.
                text = re.sub(pattern, words, text) if words not in text else text
            page.write_text(text, encoding="utf-8")
