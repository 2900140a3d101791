"""The arguments of a command, as its function declares them: `argparse`, which starts fast, made out of a signature.

A parameter is annotated with an `Argument` or an `Option`; its type and default say the
rest. Enums are chosen by their values, flags need no value, lists are given by several
values or, as an option, by the option several times.
"""

import argparse
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from types import NoneType
from typing import Annotated, Any, NoReturn, get_args, get_origin, get_type_hints

Command = Callable[..., int | None]
"""What does the work of a command, and returns its exit status; None for 0. Its docstring is its help."""


class UsageError(Exception):
    """The command line does not say what the command needs; the message is one line."""


@dataclass(frozen=True)
class Argument:
    """What is told by its place."""

    help: str = ""
    metavar: str | None = None


@dataclass(frozen=True, init=False)
class Option:
    """What is told by its name, by default the parameter's. Numbers may have a `min` and a `max`."""

    names: tuple[str, ...]
    help: str
    metavar: str | None
    min: float | None
    max: float | None

    def __init__(
        self,
        *names: str,
        help: str = "",  # noqa: A002 - as everywhere where arguments are declared
        metavar: str | None = None,
        min: float | None = None,  # noqa: A002
        max: float | None = None,  # noqa: A002
    ) -> None:
        for field, value in {"names": names, "help": help, "metavar": metavar, "min": min, "max": max}.items():
            object.__setattr__(self, field, value)


def read_arguments(program: str, command: Command, arguments: Sequence[str]) -> dict[str, Any]:
    """What a command is to be called with. Raises `UsageError`; SystemExit once help has been printed."""
    parser = _Parser(prog=program, description=inspect.getdoc(command), allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    hints = get_type_hints(command, include_extras=True)
    for parameter in inspect.signature(command).parameters.values():
        _add(parser, parameter, hints[parameter.name])
    return vars(parser.parse_args(arguments))


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line for an error, which does not end the process."""
        raise UsageError(message)


def _add(parser: argparse.ArgumentParser, parameter: inspect.Parameter, hint: Any) -> None:
    kind, told = get_args(hint) if get_origin(hint) is Annotated else (hint, Option())
    (kind,) = set(get_args(kind)) - {NoneType} if NoneType in get_args(kind) else {kind}
    is_list = get_origin(kind) is list
    (kind,) = get_args(kind) if is_list else (kind,)
    is_required = parameter.default is inspect.Parameter.empty
    given: dict[str, Any] = {"help": told.help.replace("%", "%%")}
    if not is_required:
        given["default"] = parameter.default
    if kind is not bool:
        given |= {"type": _reader(kind, told), "metavar": told.metavar or _metavar(kind, parameter.name)}
    if isinstance(told, Argument):
        count = ("+" if is_required else "*") if is_list else (None if is_required else "?")
        parser.add_argument(parameter.name, nargs=count, **given)
        return
    action = "store_true" if kind is bool else "append" if is_list else "store"
    names = told.names or (f"--{parameter.name.replace('_', '-')}",)
    parser.add_argument(*names, dest=parameter.name, action=action, required=is_required, **given)


def _metavar(kind: Any, name: str) -> str:
    if issubclass(kind, Enum):
        return f"{{{','.join(str(each.value) for each in kind)}}}"
    return name.upper()


def _reader(kind: Any, told: Argument | Option) -> Callable[[str], Any]:
    """Reads a value, within the bounds that are told of it."""

    def read(word: str) -> Any:
        try:
            value = kind(word)
        except ValueError:
            choices = f": choose from {', '.join(each.value for each in kind)}" if issubclass(kind, Enum) else ""
            article = {int: "a whole number", float: "a number"}.get(kind, "one of its values")
            raise argparse.ArgumentTypeError(f"`{word}` is not {article}{choices}") from None
        if isinstance(told, Option):
            if told.min is not None and not value >= told.min:
                raise argparse.ArgumentTypeError(f"must be at least {told.min:g}")
            if told.max is not None and not value <= told.max:
                raise argparse.ArgumentTypeError(f"must be at most {told.max:g}")
        return value

    return read
