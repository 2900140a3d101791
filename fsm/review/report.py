"""Reports: Markdown as it is written, or as a page that needs nothing else."""

from html import escape
from pathlib import Path

from fsm.review.errors import ReviewError

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 "Open Sans", "Noto Sans", "Segoe UI", sans-serif; color: #1f2328;
       max-width: 72em; margin: 2em auto; padding: 0 1em; }}
pre {{ background: #f1f3f5; padding: .8em; overflow-x: auto; font-size: 13px; }}
table {{ border-collapse: collapse; font-size: 14px; }}
th, td {{ border: 1px solid #d0d7de; padding: .3em .6em; text-align: left; vertical-align: top; }}
</style>
{body}
</html>
"""


def save(file: Path, title: str, markdown: str) -> None:
    """Write a report; its format goes by the ending of the file's name. Raises OSError, `ReviewError`."""
    if file.suffix == ".md":
        file.write_text(markdown, encoding="utf-8")
    elif file.suffix in (".html", ".htm"):
        file.write_text(to_html(title, markdown), encoding="utf-8")
    else:
        raise ReviewError(f"`{file.name}`: a report is a file that ends in .md or .html")


def to_html(title: str, markdown: str) -> str:
    """The report as a page. What looks like HTML in it stays text."""
    try:
        from markdown_it import MarkdownIt  # noqa: PLC0415 - only this format needs it
    except ModuleNotFoundError:
        raise ReviewError("reports in HTML need markdown-it-py: pip install 'mimi-fsm[cli]'") from None
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return _PAGE.format(title=escape(title), body=body)
