"""Which facts a function of them looks at: in a walk, no others need to vary."""

from collections.abc import Callable
from itertools import product
from typing import Any

from fsm.facts import Domain


def reads(test: Callable[[Any], object], domain: Domain[Any]) -> frozenset[str]:
    """The facts that a function of them looks at, found by watching it.

    All values of what it has been seen to look at are tried, until it looks at nothing
    new. A function that raises counts as one that looks at everything: it may rely on
    never meeting impossible facts.
    """
    seen: set[str] = set()

    def watch(self: object, name: str) -> Any:
        if name in domain.values:
            seen.add(name)
        return object.__getattribute__(self, name)

    watched = type(domain.record.__name__, (domain.record,), {"__slots__": (), "__getattribute__": watch})
    tried: set[str] | None = None
    while tried != seen:
        tried = set(seen)
        for combination in product(*(domain.values[name] for name in sorted(tried))):
            facts = watched(**{**domain.plain, **dict(zip(sorted(tried), combination, strict=True))})
            try:
                test(facts)
            except Exception:  # noqa: BLE001 - it may rely on never meeting impossible facts
                return frozenset(domain.values)
    return frozenset(seen)
