"""Reports: Markdown with its pictures beside it, or a page that needs nothing else."""

import re
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from fsm import atomic
from fsm.errors import needs
from fsm.review.errors import ReviewError

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1f2328; --ground: #fff; --soft: #f1f3f5; --line: #d0d7de; --link: #0a5ab4; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e8eb; --ground: #16191d; --soft: #22272e; --line: #444c56; --link: #7ab8ff; }}
}}
body {{ font: 16px/1.5 "Open Sans", "Noto Sans", "Segoe UI", sans-serif; color: var(--ink); background: var(--ground);
       max-width: 60em; margin: 2em auto; padding: 0 1em; overflow-wrap: anywhere; }}
a {{ color: var(--link); }}
h2 {{ border-top: 1px solid var(--line); padding-top: 1em; margin-top: 2em; }}
h3 {{ margin-top: 2em; }}
img {{ max-width: 100%; background: #fff; }}
blockquote {{ margin: 1em 0; padding: 0 1em; border-left: 4px solid var(--line); }}
code, pre {{ background: var(--soft); font-size: 13px; border-radius: 3px; }}
code {{ padding: .1em .3em; }}
pre {{ padding: .8em; white-space: pre-wrap; }}
pre code {{ padding: 0; }}
summary {{ cursor: pointer; }}
.wide {{ overflow-x: auto; overflow-wrap: normal; }}
table {{ border-collapse: collapse; font-size: 14px; }}
th, td {{ border: 1px solid var(--line); padding: .3em .6em; text-align: left; vertical-align: top; }}
@media (max-width: 40em) {{ body {{ margin: 1em auto; }} th, td {{ padding: .2em .3em; }} }}
@media print {{
  body {{ max-width: none; margin: 0; font-size: 11px; }}
  details {{ display: none; }}
  h2, h3 {{ break-after: avoid; }}
  ol, table, blockquote {{ break-inside: avoid; }}
}}
</style>
<main>
{body}
</main>
</html>
"""

_UNFOLD = "as JSON lines, for <code>fsm replay</code>"


def save(file: Path, title: str, markdown: str, pictures: Mapping[str, bytes]) -> None:
    """Write a report; its format goes by the ending of the file's name.

    `pictures` are SVG documents by the names that the Markdown has for them (see
    `picture_name`). Raises OSError, and `ReviewError` for a file of another kind.
    """
    if file.suffix == ".md":
        for name, picture in pictures.items():
            atomic.write(file.parent / name, picture)
        # Whoever shows Markdown shows these, or passes over them.
        folded = re.sub(r"^```json\n.*?^```$", _folded, markdown, flags=re.DOTALL | re.MULTILINE)
        atomic.write(file, folded.encode())
    elif file.suffix in (".html", ".htm"):
        page = to_html(title, markdown)
        for name, picture in pictures.items():
            data = b64encode(picture).decode()
            page = page.replace(f'src="{escape(name)}"', f'src="data:image/svg+xml;base64,{data}"')
        atomic.write(file, page.encode())
    else:
        raise ReviewError(f"`{file.name}`: a report is a file that ends in .md or .html")


def _folded(block: re.Match[str]) -> str:
    return f"<details><summary>{_UNFOLD}</summary>\n\n{block[0]}\n\n</details>"


def picture_name(file: Path, subject: str) -> str:
    """The name of a report's picture of something."""
    return f"{file_name(file.stem)}.{file_name(subject)}.svg"


def file_name(text: str) -> str:
    """A name that can be one of a file."""
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in text)


def to_html(title: str, markdown: str) -> str:
    """The report as a page. What looks like HTML in it stays text."""
    try:
        from markdown_it import MarkdownIt  # noqa: PLC0415 - only this format needs it
    except ModuleNotFoundError:
        raise ReviewError(needs("a report in HTML", "markdown-it-py", "cli")) from None
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", lambda *_: '<div class="wide" tabindex="0"><table>')
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    body = parser.render(markdown)
    return _PAGE.format(title=escape(title), body=body)


def anchor(heading: str) -> str:
    """By what a link within a report leads to a heading, as where Markdown is shown on the web."""
    kept = (char for char in heading.lower() if char.isalnum() or char in "-_ ")
    return "".join(kept).replace(" ", "-")


def _heading(_: Any, tokens: Any, index: int, *__: Any) -> str:
    text = "".join(part.content for part in tokens[index + 1].children)
    return f'<{tokens[index].tag} id="{escape(anchor(text))}">'


def _fence(_: Any, tokens: Any, index: int, *__: Any) -> str:
    return (
        f'<details><summary>{_UNFOLD}</summary>\n<pre tabindex="0">{escape(tokens[index].content)}</pre>\n</details>\n'
    )
