"""Reports: Markdown with its pictures beside it, or a page that needs nothing else."""

from base64 import b64encode
from collections.abc import Mapping
from html import escape
from pathlib import Path

from fsm import atomic
from fsm.errors import needs
from fsm.review.errors import ReviewError

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 "Open Sans", "Noto Sans", "Segoe UI", sans-serif; color: #1f2328;
       max-width: 72em; margin: 2em auto; padding: 0 1em; }}
img {{ max-width: 100%; }}
pre {{ background: #f1f3f5; padding: .8em; font-size: 13px;
      white-space: pre-wrap; overflow-wrap: anywhere; }}
table {{ border-collapse: collapse; font-size: 14px; }}
th, td {{ border: 1px solid #d0d7de; padding: .3em .6em; text-align: left; vertical-align: top; }}
</style>
{body}
</html>
"""


def save(file: Path, title: str, markdown: str, pictures: Mapping[str, bytes]) -> None:
    """Write a report; its format goes by the ending of the file's name.

    `pictures` are SVG documents by the names that the Markdown has for them (see
    `picture_name`). Raises OSError, and `ReviewError` for a file of another kind.
    """
    if file.suffix == ".md":
        for name, picture in pictures.items():
            atomic.write(file.parent / name, picture)
        atomic.write(file, markdown.encode())
    elif file.suffix in (".html", ".htm"):
        page = to_html(title, markdown)
        for name, picture in pictures.items():
            data = b64encode(picture).decode()
            page = page.replace(f'src="{escape(name)}"', f'src="data:image/svg+xml;base64,{data}"')
        atomic.write(file, page.encode())
    else:
        raise ReviewError(f"`{file.name}`: a report is a file that ends in .md or .html")


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
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return _PAGE.format(title=escape(title), body=body)
