"""The driver of `make mutants`: what it changes, and that its files and tests are there."""

import pytest

from tests.mutants.changes import Mutant, mutants
from tests.mutants.files import EQUIVALENT, TESTS
from tests.mutants.trials import ROOT, Limits, survivors

# A line, and all that it is changed to.
# fmt: off
CHANGED: list[tuple[str, list[str]]] = [
    ("x = a is b",                  ["a is b → (a is not b)"]),
    ("x = a < b",                   ["a < b → (a <= b)", "a < b → (a > b)"]),
    ("x = a < b <= c",              ["a < b <= c → (a <= b <= c)", "a < b <= c → (a > b <= c)",
                                     "a < b <= c → (a < b < c)", "a < b <= c → (a < b >= c)"]),
    ("x = a and b",                 ["a and b → (b)", "a and b → (a)", "a and b → (a or b)"]),
    ("x = not a",                   ["not a → (a)"]),
    ("x = a - b",                   ["a - b → ((a) + (b))", "a - b → ((a))", "a - b → ((b))"]),
    ("x = True",                    ["True → False"]),
    ("x = 3",                       ["3 → 4", "3 → 2"]),
    ("x = -y",                      ["-y → (y)"]),
    ("x = 'a text for people'",     []),
    ("x = y['word']",               ["'word' → 'word_'"]),
    ("x: int | None = None",        []),
    ("x: int = 1",                  ["1 → 2", "1 → 0"]),
    ("if a: b",                     ["a → False", "a → True", "b → pass"]),
    ("while a: b",                  ["a → False", "b → pass"]),
    ("for a in b: c",               ["for a in b: c → pass", "b → list(b)[1:]", "c → pass"]),
    ("if a:\n    b\nelif c:\n    d", ["a → False", "a → True", "b → pass", "c → False", "c → True", "d → pass"]),
    ("def f():\n    if a:\n        return\n    if b:\n        return",
     ["a → False", "a → True", "b → False", "b → True", "return → pass", "return → pass",
      "if a: return if b: return → if b: return if a: return"]),
    ("for a in b:\n    continue",   ["for a in b: continue → pass", "b → list(b)[1:]", "continue → pass", "continue → break"]),
    ("with a: b",                   ["a → __import__('contextlib').nullcontext()", "b → pass"]),
    ("try:\n    a\nexcept B:\n    c", ["a → pass", "B → ()", "c → pass"]),
    ("x = y(a, {LEAVE})",           ["{LEAVE} → set()", "LEAVE → JOIN", "y(a, {LEAVE}) → y({LEAVE}, a)"]),
    ("x = y(a, b=c)",               ["y(a, b=c) → y(a)"]),
    ("x = y.copy()",                ["y.copy() → (y)"]),
    ("x = dict(y)",                 ["dict(y) → (y)"]),
    ("x = y.sender",                ["y.sender → y.wanted"]),
    ("x = (a, b)",                  ["(a, b) → (b, )", "(a, b) → (a, )", "(a, b) → (b, a, )"]),
    ("x = a in (b, c)",             ["a in (b, c) → (a not in (b, c))", "(b, c) → (c, )", "(b, c) → (b, )"]),
    ("x = [a, b]",                  ["[a, b] → [b]", "[a, b] → [a]"]),
    ("x = {a: b, **c}",             ["{a: b, **c} → {**c}", "{a: b, **c} → {a: b}"]),
    ("x = A.B, A.C",                ["A.B, A.C → (A.C, )", "A.B, A.C → (A.B, )", "A.B, A.C → (A.C, A.B, )",
                                     "A.B → A.C", "A.C → A.B"]),
    ("X = TypeVar('X', covariant=True)", []),
    ("x = all(y)",                  ["all → any"]),
    ("x = [a for a in b if a]",     ["a → True", "b → list(b)[1:]"]),
    ("def f():\n    return a",      ["return a → return None"]),
    ("def f():\n    return",        ["return → pass"]),
    ("def f():\n    return False",  ["False → True"]),
    ("def f():\n    go()",          ["go() → pass"]),
    ("def f():\n    x += 1",        ["x += 1 → pass", "x += 1 → x -= 1", "1 → 2", "1 → 0"]),
    ("def f():\n    raise a",       ["raise a → pass"]),
    ("def f():\n    raise EventError('here', f'{a} is bad')", [
        "raise EventError('here', f'{a} is bad') → pass", "EventError → RuntimeError", "'here' → 'here_'"]),
]
# fmt: on


@pytest.mark.parametrize(("text", "changes"), CHANGED, ids=[text for text, _ in CHANGED])
def test_what_is_changed(text: str, changes: list[str]) -> None:
    found = list(mutants("file.py", text))
    assert sorted(each.change for each in found) == sorted(changes)
    assert all(each.text != text for each in found)


def test_one_thing_is_changed_where_it_stands() -> None:
    (mutant,) = mutants("file.py", "a = 'é è'\nb = c is d\n")
    assert mutant.text == "a = 'é è'\nb = (c is not d)\n"
    assert mutant.line == 2


@pytest.mark.parametrize("file", TESTS)
def test_files_and_tests_are_there(file: str) -> None:
    made = {each.change for each in mutants(file, (ROOT / file).read_text("utf-8"))}
    assert made
    assert [test for test in TESTS[file] if not (ROOT / test).is_file()] == []
    assert EQUIVALENT.get(file, {}).keys() <= made


def test_what_is_equivalent_is_of_these_files() -> None:
    assert EQUIVALENT.keys() <= TESTS.keys()


# In a file, what is put in place of what, and whether a test notices.
# fmt: off
TRIED: list[tuple[str, str, bool]] = [
    ("return facts.is_state",            "return bool(facts.is_state)",     False),
    ("return facts.is_state",            "return not facts.is_state",       True),
    ('"world", (history_is_for_world,)', '"world", tuple([history_is_for_world])', False),
    ('"world", (history_is_for_world,)', '"world", (history_is_shared,)', True),
    ("import dataclass",                 "import nothing",                  True),
]
# fmt: on


@pytest.mark.long
def test_what_survives_is_what_no_test_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    file = "fsm/mimi/visibility.py"
    text = (ROOT / file).read_text("utf-8")
    assert all(before in text for before, _, _ in TRIED)
    made = [Mutant(file, 1, before, after, text.replace(before, after)) for before, after, _ in TRIED]
    alive = list(survivors(file, made, ["tests/mimi/test_history.py"], Limits(2)))
    assert [mutant.after for mutant in alive] == [after for _, after, is_noticed in TRIED if not is_noticed]
