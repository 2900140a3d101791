"""PlantUML keeps to the part of its grammar that we use, whatever words there are."""

import re

import pytest

from fsm import MIMI
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Detail, compare, extract
from fsm.render.formats.plantuml import to_plantuml
from fsm.render.words.label import clean
from tests.render.policies import BIG, DRAWN, HOSTILE, NAMES

# In text, only a few signs stand for themselves.
_TEXT = r"(?:[\w .,·§()-]|<U\+[0-9A-F]{4,6}>|\\n)*"
_COLOUR = "#[0-9a-f]{6}"
_LINES = [
    "@startuml",
    f"title {_TEXT}",
    "hide empty description",
    rf'state "{_TEXT}" as \w+(?: {_COLOUR})?',
    rf"\w+ : {_TEXT}",
    rf"\w+ -\[{_COLOUR}(?:,(?:bold|dashed|dotted))?\]-> \w+ : {_TEXT}",
    r"\[\*\] --> \w+",
    "legend left",
    rf"<color:{_COLOUR}>(?:plain|bold|dashed|dotted) line</color>: {_TEXT}",
    "end legend",
    "@enduml",
]


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize(
    "policy", [*DRAWN, pytest.param(BIG, marks=pytest.mark.long)], ids=lambda policy: policy.title[:3]
)
def test_every_line_is_of_the_grammar(policy: AnyPolicy, detail: Detail) -> None:
    diagram = extract(policy).drawn
    lines = to_plantuml(diagram, detail).splitlines()
    for line in lines:
        assert any(re.fullmatch(shape, line) for shape in _LINES), line
    assert sum(line.startswith("[*] --> ") for line in lines) == 1
    assert sum("]-> " in line for line in lines) == len(diagram.moves)
    assert (lines[0], lines[-1]) == ("@startuml", "@enduml")


def test_what_could_be_misread_is_spelled_out() -> None:
    text = to_plantuml(extract(HOSTILE))
    read = [
        re.sub(r"<U\+([0-9A-F]+)>", lambda number: chr(int(number[1], 16)), name).strip("\xa0")
        for name in re.findall(r'state "(.*)" as', text)
    ]
    assert read == [clean(name) for name in NAMES]


def test_two_policies_are_told_apart_by_lines_and_in_words() -> None:
    text = to_plantuml(compare(MIMI, load_policy("mimi-01")))
    assert "knock -[#974800,dashed]-> leave : deny\\nonly in mimi\\nby another user" in text
    assert "invite -[#0a5ab4,bold]-> knock : knock\\nonly in mimi-01\\nby the target itself" in text
    assert "leave -[#8527a8,dotted]-> ban : ban\\nchanged\\nin mimi<U+003A> outranks" in text
    assert "plain line</color>: the same in both" in text
