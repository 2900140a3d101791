"""The arguments of a command, read as its function declares them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pytest

from fsm.cli.arguments import Argument, Option, UsageError, read_arguments


class Colour(StrEnum):
    RED = "red"
    LIGHT_BLUE = "light-blue"


def paint(  # noqa: PLR0913 - one parameter of each kind
    wall: Annotated[str, Argument(help="Which one; 100% of it.")],
    others: Annotated[list[str] | None, Argument(metavar="WALL")] = None,
    *,
    colour: Annotated[Colour, Option("--colour", "-c")] = Colour.RED,
    coats: Annotated[int, Option(min=1, max=3)] = 1,
    litres: Annotated[float, Option(min=0.5)] = 0.5,
    brush: Annotated[list[str] | None, Option()] = None,
    log_file: Annotated[Path | None, Option()] = None,
    is_dry: Annotated[bool, Option("--dry")] = False,
) -> int:
    """Paint walls."""
    return len((wall, others, colour, coats, litres, brush, log_file, is_dry))


PLAIN: dict[str, Any] = {
    "wall": "w", "others": [], "colour": Colour.RED, "coats": 1, "litres": 0.5, "brush": None, "log_file": None, "is_dry": False,
}  # fmt: skip


# fmt: off
GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("w",                                {}),
    ("-",                                {"wall": "-"}),
    ("w x y",                            {"others": ["x", "y"]}),
    ("w --colour light-blue",            {"colour": Colour.LIGHT_BLUE}),
    ("-c light-blue w",                  {"colour": Colour.LIGHT_BLUE}),
    ("w --coats 3 --litres=0.75",        {"coats": 3, "litres": 0.75}),
    ("w --brush a --brush -",            {"brush": ["a", "-"]}),
    ("w --log-file x.log --dry",         {"log_file": Path("x.log"), "is_dry": True}),
    ("--dry -- -w",                      {"wall": "-w", "is_dry": True}),
    ("w -- x --dry",                     {"others": ["x", "--dry"]}),
]
FAULTS = [
    ("",                     "the following arguments are required: WALL"),
    ("w --shiny",            "unrecognized arguments: --shiny"),
    ("w --col red",          "unrecognized arguments: --col red"),
    ("w --coats",            "argument --coats: expected one argument"),
    ("w --coats two",        "argument --coats: `two` is not a whole number"),
    ("w --coats 0",          "argument --coats: must be at least 1"),
    ("w --coats 4",          "argument --coats: must be at most 3"),
    ("w --litres nan",       "argument --litres: must be at least 0.5"),
    ("w --litres much",      "argument --litres: `much` is not a number"),
    ("w -c RED",             "argument --colour/-c: `RED` is not one of its values: choose from red, light-blue"),
    ("w --dry=yes",          "argument --dry: ignored explicit argument 'yes'"),
]
# fmt: on


@pytest.mark.parametrize(("line", "others"), GIVEN, ids=[line for line, _ in GIVEN])
def test_what_is_given(line: str, others: dict[str, Any]) -> None:
    given = read_arguments("paint", paint, line.split())
    assert given == {**PLAIN, **others}
    assert paint(**given) == len(PLAIN)


@pytest.mark.parametrize(("line", "problem"), FAULTS, ids=[line for line, _ in FAULTS])
def test_what_cannot_be_read(line: str, problem: str) -> None:
    with pytest.raises(UsageError) as error:
        read_arguments("paint", paint, line.split())
    assert str(error.value) == problem


def test_what_must_be_given_as_an_option() -> None:
    def sign(*, name: Annotated[str, Option("--name", "-n")]) -> None:
        """Sign."""

    with pytest.raises(UsageError, match="required: --name/-n"):
        read_arguments("sign", sign, [])
    assert read_arguments("sign", sign, ["-n", "x"]) == {"name": "x"}


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        read_arguments("paint", paint, ["--help"])
    out = capsys.readouterr().out
    assert end.value.code == 0
    assert out.startswith("usage: paint ")
    for part in ("Paint walls.", "100% of it.", "--colour {red,light-blue}", "[WALL ...]", "--log-file LOG_FILE"):
        assert part in out
