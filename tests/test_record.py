"""Records behave as dataclasses that make all of their methods themselves."""

import pickle
from copy import copy, deepcopy
from dataclasses import FrozenInstanceError, dataclass, field
from typing import Any

import pytest

from fsm.record import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Place(Record):
    """Where somebody stands."""

    room: str
    row: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


class Seat(Place):
    """Another kind of place with the same fields."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Row(Record):
    """What is told apart by one field."""

    number: object


@dataclass(frozen=True, slots=True)
class Whole:
    """The same as a place, as a dataclass by itself."""

    room: str
    row: int = 0
    note: str = field(default="", compare=False)
    secret: str = field(default="", repr=False)


GIVEN = [("a",), ("a", 1), ("a", 1, "x"), ("a", 1, "x", "y"), ("b", 1, "x", "y")]


@pytest.mark.parametrize("one", GIVEN)
@pytest.mark.parametrize("other", GIVEN)
def test_records_are_equal_when_dataclasses_are(one: Any, other: Any) -> None:
    are_equal = Whole(*one) == Whole(*other)
    assert (Place(*one) == Place(*other)) is are_equal
    assert (Place(*one) != Place(*other)) is not are_equal
    assert (hash(Place(*one)) == hash(Place(*other))) is are_equal
    assert len({Place(*one): 1, Place(*other): 2}) == 2 - are_equal


@pytest.mark.parametrize("given", GIVEN)
def test_records_are_written_as_dataclasses_are(given: Any) -> None:
    assert repr(Place(*given)) == repr(Whole(*given)).replace("Whole", "Place")


def test_records_of_two_classes_are_never_equal() -> None:
    assert Seat("a") == Seat("a")
    assert Place("a") != Seat("a")
    assert Seat("a") != Place("a")
    assert Place("a") != Whole("a")
    assert Place("a") != ("a", 0, "", "")


def test_one_field_is_compared_as_it_is() -> None:
    assert Row(1) == Row(1.0)
    assert Row("x") != Row("y")
    assert hash(Row((1, 2))) == hash((1, 2))
    with pytest.raises(TypeError):
        hash(Row([]))


def test_records_are_copied_and_pickled_and_never_changed() -> None:
    place = Place("a", 1, "x", "y")
    assert copy(place) == deepcopy(place) == place
    assert pickle.loads(pickle.dumps(place)) == place  # noqa: S301 - pickled on this very line
    assert not hasattr(place, "__dict__")
    with pytest.raises(FrozenInstanceError):
        place.row = 2  # type: ignore[misc]  # that is the test
