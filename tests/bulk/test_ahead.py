"""Reading ahead: the next is made by another thread while one is used, where there is a processor for it."""

import threading
from collections.abc import Iterator

import pyarrow as pa
import pytest

from fsm.bulk.read.ahead import ahead


@pytest.mark.parametrize("processors", [1, 2])
def test_what_is_told_is_the_same(processors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pa, "cpu_count", lambda: processors)
    makers, wanted = [], 4

    def items() -> Iterator[str]:
        for number in range(wanted):
            makers.append(threading.get_ident())
            yield str(number)
        raise ValueError(wanted)

    with ahead(items()) as each:
        told = [next(each) for _ in range(wanted)]
        with pytest.raises(ValueError, match="4"):
            next(each)
    assert told == ["0", "1", "2", "3"]
    assert (threading.get_ident() in makers) is (processors == 1)
    with ahead(iter("abc")) as letters:
        assert list(letters) == ["a", "b", "c"]


def test_no_more_than_one_is_made_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pa, "cpu_count", lambda: 2)
    made = []

    def items() -> Iterator[int]:
        for number in range(9):
            made.append(number)
            yield number

    with ahead(items()) as each:
        assert next(each) == 0
        assert next(each) == 1
    assert made == [0, 1, 2]
