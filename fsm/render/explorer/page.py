"""The explorer page: one file that needs nothing else, on which every case of a policy can be tried.

Theory of operation. Python decides, and writes down what it decided (see
`fsm.render.explorer.table`). The page has three parts: the data, which is JSON and is
never run; the picture, drawn as any other; and scripts, which look up, show, and keep
in the address what is shown. The page may load nothing and may run nothing but its own
scripts, whatever it is given to read.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from fsm.family import AnyPolicy
from fsm.json_lines import Line
from fsm.render.explorer.data import page_data
from fsm.render.explorer.picture import dark_colours, pictures
from fsm.render.extract import extract
from fsm.render.words.label import clean

_ASSETS = files("fsm.render.explorer") / "assets"
# What is known comes first, then what is shown, then the page that holds the two together.
_KNOWING = ("table.js", "room.js", "log.js", "address.js")
_SHOWING = ("dom.js", "picture.js", "answer.js", "case.js", "board.js", "stage.js", "history.js")
_SCRIPTS = (*_KNOWING, *_SHOWING, "page.js")
_DARK = "/* the picture's colours */"


def to_page(policy: AnyPolicy, *, name: str = "", log: Iterable[Line] = ()) -> str:
    """The explorer of a policy, as an HTML document. Raises `RenderError` where Graphviz is missing.

    It plays back a `log` of this `name`, if the policy's family has rooms to play in. Raises `ReplayError` when
    nothing of the log can be played.
    """
    diagram = extract(policy)
    style = _asset("page.css").replace(_DARK, dark_colours())
    # One function around all keeps the scripts' names their own.
    script = "\n".join(["(() => {", *map(_asset, _SCRIPTS), "})();"])
    parts = {
        "title": escape(clean(f"{policy.id}: {policy.title}")),
        "security": escape(_security(style, script)),
        "style": style,
        "pictures": pictures(diagram),
        "data": _inert(page_data(policy, diagram, name, log)),
        "script": script,
    }
    return _filled(_asset("page.html"), parts)


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _security(style: str, script: str) -> str:
    """Nothing is loaded, and nothing runs but what stands in the page from the start."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _inert(data: Any) -> str:
    """JSON in which nothing can end the element around it, and no half of a letter, which no file can hold."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _filled(template: str, parts: Mapping[str, str]) -> str:
    """The template with its parts; what stands in a part is not looked at again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], template)
