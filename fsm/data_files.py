"""Policies out of data files, such as the roles of a room that defines its own.

A family makes a policy of data if its module `policies` has a function
`policy_of_data`. It takes the JSON value, or the bytes of a file in binary form, and the file's name without its
ending, by which it may call the policy; it answers
a policy, or None for data that is not of its kind, and raises a `PolicyError` for data of
its kind that is faulty. `DATA` says beside it in a few words what the function expects. A data file never names code.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from fsm.errors import DefinitionError, PolicyError, in_words, shorten
from fsm.loading import JSON
from fsm.policy import Policy
from fsm.strict_json import MAX_JSON, read_json


def policy_in(file: str, families: Iterable[ModuleType], name: str | None = None) -> Policy[Any]:
    """The policy that one of the families, of which these are the `policies`, makes of a file; the first that can.

    It is called by the file's name without its ending, or by the name that is told. Raises `DefinitionError` when the
    file cannot be read, or none of them makes a policy of it.
    """
    place = f"policy `{shorten(file)}`"
    try:
        value = _read(file)
    except OSError as problem:
        raise DefinitionError(f"{place} cannot be loaded: {shorten(in_words(problem), 200)}") from None
    except ValueError as problem:
        raise DefinitionError(f"{place} cannot be loaded: {problem}") from None
    expected = []
    for family in families:
        if not hasattr(family, "policy_of_data"):
            continue
        try:
            policy = family.policy_of_data(value, Path(file).stem if name is None else name)
        except PolicyError as problem:
            raise DefinitionError(f"{place}: {problem}") from None
        if isinstance(policy, Policy):
            return policy
        expected.append(family.DATA)
    told = f"expected {', or '.join(expected)}" if expected else "no family makes policies of data"
    raise DefinitionError(f"{place}: no policy can be made of this data: {told}")


def names_apart(files: Sequence[str]) -> Mapping[str, str]:
    """By file: a name of its own, which has as many of the folders around it as it takes to tell all apart."""
    paths = {file: Path(file).resolve().with_suffix("").parts for file in files}
    names: dict[str, str] = {}
    for length in range(2, max(map(len, paths.values()), default=0) + 1):
        names = {file: "-".join(parts[-length:]) for file, parts in paths.items()}
        if len({*names.values()}) == len(names):
            break
    return names


def _read(file: str) -> object:
    with Path(file).open("rb") as source:
        data = source.read(MAX_JSON + 1)
    if file.endswith(JSON):
        return read_json(data)
    if len(data) > MAX_JSON:
        raise ValueError(f"longer than {MAX_JSON} bytes")
    return data
