"""What is changed of a file: one mutant for each way to change one thing."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from itertools import pairwise
from typing import TypeAlias, TypeGuard, TypeVar

Item = TypeVar("Item")

Change: TypeAlias = tuple[ast.AST | tuple[ast.AST, ast.AST], str]
"""A node, or all from one to another, and the text to put in its place."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one thing changed: the lines that it is in, and what is there now."""

    file: str
    line: int
    before: str
    after: str
    text: str

    @property
    def change(self) -> str:
        """What became what."""
        return f"{self.before} → {self.after}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.change}"


def mutants(file: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a file."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    source = text.encode()
    seen: set[str] = set()

    def place(first: ast.AST, last: ast.AST) -> slice:
        return slice(
            starts[first.lineno - 1] + first.col_offset,  # type: ignore[attr-defined]
            starts[last.end_lineno - 1] + last.end_col_offset,  # type: ignore[attr-defined]
        )

    for node, after in _changes(ast.parse(text)):
        first, last = node if isinstance(node, tuple) else (node, node)
        where = place(first, last)
        before = source[where].decode()
        line = first.lineno  # type: ignore[attr-defined]
        changed = (source[: where.start] + after.encode() + source[where.stop :]).decode()
        if before != after and not before.startswith("elif") and changed not in seen:
            seen.add(changed)
            yield Mutant(file, line, " ".join(before.split()), " ".join(after.split()), changed)


# fmt: off
OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Is: ("is not",), ast.IsNot: ("is",), ast.Eq: ("!=",), ast.NotEq: ("==",), ast.In: ("not in",), ast.NotIn: ("in",),
    ast.Lt: ("<=", ">"), ast.LtE: ("<", ">="), ast.Gt: (">=", "<"), ast.GtE: (">", "<="),
    ast.Add: ("-",), ast.Sub: ("+",), ast.Mult: ("+",), ast.FloorDiv: ("*",), ast.Mod: ("*",), ast.Pow: ("*",),
    ast.BitOr: ("&",), ast.BitAnd: ("|",), ast.BitXor: ("|",), ast.LShift: (">>",), ast.RShift: ("<<",),
}
LIKE = [
    ["JOIN", "LEAVE", "INVITE", "BAN", "KNOCK"], ["TARGET", "SENDER", "PAIR", "ROOM", "EVENT"], ["OUTSIDE", "BANNED"],
    ["sender", "target", "acting", "wanted"], ["before", "after"], ["minimum", "maximum"], ["participants", "active"],
    ["was_active", "is_active"], ["left", "entered"],
]
"""Names each of which is replaced by the one before it."""
OTHERS = {"all": "any", "any": "all", "min": "max", "max": "min"}
FOR_CHECKS = ("strict", "slots", "maxsize")
"""Arguments that make no difference where nothing is wrong."""
COPIES = ("bool", "dict", "int", "list", "set", "sorted", "str", "tuple")
"""What makes of its only argument one of another type, or a copy."""
ERRORS = ("EventError", "DefinitionError", "RevisionError", "DecodeError", "ReplayError")
# fmt: on

_WORD = re.compile(r"[\w.$:/-]*")
"""A text that a program reads; those for people have spaces."""


def _changes(tree: ast.Module) -> Iterator[Change]:
    """What to put in the place of which node."""
    nodes = list(_code(tree))
    members = sorted({ast.unparse(node) for node in nodes if _is_member(node)})
    unordered = {id(each) for node in nodes for each in _unordered(node)}
    for node in nodes:
        yield from _changes_of(node)
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and id(node) not in unordered:
            yield from ((node, _tuple(turned)) for turned in _turned([ast.unparse(each) for each in node.elts]))
        for body in (getattr(node, name, None) for name in ("body", "orelse")):
            if isinstance(body, list):
                yield from _checks_in_another_order(body)
        if _is_member(node):
            like = [each for each in members if each.startswith(f"{ast.unparse(node.value)}.")]
            yield node, like[like.index(ast.unparse(node)) - 1]


def _unordered(node: ast.AST) -> Iterator[ast.AST]:
    """What holds things of which nobody asks in which order they stand."""
    if isinstance(node, ast.Compare) and isinstance(node.ops[-1], ast.In | ast.NotIn):
        yield node.comparators[-1]
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        yield node.type


def _tuple(items: Sequence[str]) -> str:
    return f"({''.join(f'{each}, ' for each in items)})"


def _is_member(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Whether this is a member of an enumeration: other members that the file names are of its like."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.isupper()


def _checks_in_another_order(body: Sequence[ast.AST]) -> Iterator[Change]:
    for one, other in pairwise(body):
        if all(isinstance(each, ast.If) and _ends(each.body) and not each.orelse for each in (one, other)):
            indent = " " * one.col_offset  # type: ignore[attr-defined]
            yield (
                (one, other),
                f"\n{indent}".join(line for each in (other, one) for line in ast.unparse(each).splitlines()),
            )


def _ends(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Raise | ast.Return | ast.Continue)


@singledispatch
def _changes_of(_: ast.AST) -> Iterator[Change]:
    yield from ()


@_changes_of.register
def _(node: ast.Compare) -> Iterator[Change]:
    for place, old in enumerate(node.ops):
        operands = [ast.unparse(each) for each in (node.left, *node.comparators)]
        for new in OPERATORS[type(old)]:
            signs = [_sign(each) for each in node.ops]
            signs[place] = new
            rest = " ".join(f"{sign} {operand}" for sign, operand in zip(signs, operands[1:], strict=True))
            yield node, f"({operands[0]} {rest})"


def _sign(operator: ast.cmpop) -> str:
    return ast.unparse(ast.Compare(ast.Name(""), [operator], [ast.Name("")])).strip()


@_changes_of.register
def _(node: ast.BoolOp) -> Iterator[Change]:
    for rest in _rests(node.values):
        yield node, f"({ast.unparse(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])})"
    other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    yield node, f"({ast.unparse(ast.BoolOp(other, node.values))})"


@_changes_of.register
def _(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node, f"({ast.unparse(node.operand)})"


@_changes_of.register
def _(node: ast.BinOp) -> Iterator[Change]:
    left, right = f"({ast.unparse(node.left)})", f"({ast.unparse(node.right)})"
    yield from ((node, f"({left} {other} {right})") for other in OPERATORS.get(type(node.op), ()))
    if type(node.op) in OPERATORS and not isinstance(node.left, ast.Constant | ast.JoinedStr):
        yield from ((node, f"({each})") for each in (left, right))


@_changes_of.register
def _(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield node, repr(not node.value)
    elif isinstance(node.value, int):
        yield node, repr(node.value + 1)
        yield node, repr(node.value - 1)
    elif isinstance(node.value, str) and _WORD.fullmatch(node.value):
        yield node, repr(f"{node.value}_")


@_changes_of.register(ast.If)
@_changes_of.register(ast.IfExp)
@_changes_of.register(ast.While)
def _(node: ast.If | ast.IfExp | ast.While) -> Iterator[Change]:
    yield node.test, "False"
    if not isinstance(node, ast.While):
        yield node.test, "True"


@_changes_of.register
def _(node: ast.comprehension) -> Iterator[Change]:
    yield from ((test, "True") for test in node.ifs)
    yield node.iter, f"list({ast.unparse(node.iter)})[1:]"


@_changes_of.register
def _(node: ast.For) -> Iterator[Change]:
    yield node, "pass"
    yield node.iter, f"list({ast.unparse(node.iter)})[1:]"


@_changes_of.register
def _(node: ast.Return) -> Iterator[Change]:
    if node.value is None:
        yield node, "pass"
    elif not (isinstance(node.value, ast.Constant) and node.value.value in (None, False)):
        yield node, "return None"


@_changes_of.register
def _(node: ast.Tuple) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load):
        yield from ((node, _tuple(rest)) for rest in _rests([ast.unparse(each) for each in node.elts]))


@_changes_of.register
def _(node: ast.List) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load):
        yield from ((node, f"[{', '.join(rest)}]") for rest in _rests([ast.unparse(each) for each in node.elts]))


@_changes_of.register
def _(node: ast.Set) -> Iterator[Change]:
    for rest in _rests([ast.unparse(each) for each in node.elts]):
        yield node, f"{{{', '.join(rest)}}}" if rest else "set()"


@_changes_of.register
def _(node: ast.Dict) -> Iterator[Change]:
    items = [
        f"{f'{ast.unparse(key)}: ' if key else '**'}{ast.unparse(value)}"
        for key, value in zip(node.keys, node.values, strict=True)
    ]
    yield from ((node, f"{{{', '.join(rest)}}}") for rest in _rests(items))


@_changes_of.register
def _(node: ast.Name) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load):
        yield from ((node, other) for other in _like(node.id))


@_changes_of.register
def _(node: ast.Attribute) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load):
        yield from ((node, f"{ast.unparse(node.value)}.{other}") for other in _like(node.attr))


def _like(name: str) -> Iterator[str]:
    yield from (names[names.index(name) - 1] for names in LIKE if name in names)


@_changes_of.register
def _(node: ast.Call) -> Iterator[Change]:
    called, args = ast.unparse(node.func), [ast.unparse(each) for each in node.args]
    named = [ast.unparse(each) for each in node.keywords if each.arg not in FOR_CHECKS]
    if called in OTHERS:
        yield node.func, OTHERS[called]
    if called in ERRORS:
        yield node.func, "RuntimeError"
        if isinstance(node.args[0], ast.JoinedStr):
            yield node.args[0], "''"
    elif called in COPIES and len(args) == 1:
        yield node, f"({args[0]})"
    if isinstance(node.func, ast.Attribute) and not args and not named:
        yield node, f"({ast.unparse(node.func.value)})"
    if called not in ERRORS and not called.startswith("self._remember"):
        yield from ((node, f"{called}({', '.join((*turned, *named))})") for turned in _turned(args))
    yield from ((node, f"{called}({', '.join((*args, *rest))})") for rest in _rests(named))


@_changes_of.register
def _(node: ast.With) -> Iterator[Change]:
    for item in node.items:
        if item.optional_vars is None:
            yield item.context_expr, "__import__('contextlib').nullcontext()"


@_changes_of.register
def _(node: ast.ExceptHandler) -> Iterator[Change]:
    if node.type is not None:
        yield node.type, "()"


@_changes_of.register(ast.Break)
@_changes_of.register(ast.Continue)
@_changes_of.register(ast.Delete)
@_changes_of.register(ast.Expr)
@_changes_of.register(ast.Assign)
@_changes_of.register(ast.Raise)
def _(node: ast.stmt) -> Iterator[Change]:
    if node.col_offset:
        yield node, "pass"
    if isinstance(node, ast.Continue):
        yield node, "break"


@_changes_of.register
def _(node: ast.AugAssign) -> Iterator[Change]:
    yield node, "pass"
    target, value = ast.unparse(node.target), ast.unparse(node.value)
    yield from ((node, f"{target} {other}= {value}") for other in OPERATORS.get(type(node.op), ()))


def _rests(items: Sequence[Item]) -> Iterator[list[Item]]:
    """The items without one of them, for each."""
    yield from ([each for number, each in enumerate(items) if number != index] for index in range(len(items)))


def _turned(items: Sequence[str]) -> Iterator[list[str]]:
    """The items with one and the next in each other's place, for each pair."""
    for index in range(len(items) - 1):
        yield [*items[:index], items[index + 1], items[index], *items[index + 2 :]]


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes that do something: no annotations, no texts for people, nothing that only types read."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        if _is_passed_over(node):
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        yield node
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "bases", "type_params", "decorator_list"):
                waiting += [
                    each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)
                ]


def _is_passed_over(node: ast.AST) -> bool:
    match node:
        case ast.Expr(ast.Constant()) | ast.Assert() | ast.JoinedStr() | ast.AnnAssign(value=None):
            return True
        case ast.AnnAssign(annotation=ast.Name("TypeAlias")) | ast.Assign([ast.Name("__slots__")]):
            return True
        case ast.Call(ast.Name("TypeVar")) | ast.Subscript(ast.Name("dict" | "tuple"), ast.Tuple()):
            return True
        case ast.keyword(str(name)):
            return name in FOR_CHECKS
    return isinstance(node, ast.Raise) and ast.unparse(node).endswith("NotImplementedError")
