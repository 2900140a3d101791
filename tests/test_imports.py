"""The front door, and the layers: imports point down, and only one module knows each library."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fsm
from fsm.policies import CATALOGUE, load_policy

PACKAGE = Path(fsm.__file__).parent
FILES = {
    "fsm" if path == PACKAGE / "__init__.py" else ".".join(("fsm", *_parts)): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "__pycache__" not in path.parts
    for _parts in [[part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts if part != "__init__.py"]]
}
"""Every module of the package, by its dotted name."""

# From the bottom to the top. A module imports from lower layers only, and from its own where that is a folder.
LAYERS: list[set[str]] = [
    {"fsm.errors", "fsm.quotes", "fsm.version", "fsm.locks", "fsm.record", "fsm.unrecorded", "fsm.walk"},
    {"fsm.state"},
    {"fsm.facts", "fsm.event", "fsm.strict_json", "fsm.loading"},
    {"fsm.domain", "fsm.guards", "fsm.json_lines"},
    {"fsm.fingerprint", "fsm.json_values", "fsm.reach", "fsm.rule", "fsm.view"},
    {"fsm.transition"},
    {"fsm.table"},
    {"fsm.kinds"},
    {"fsm.decision"},
    {"fsm.past", "fsm.answers"},
    {"fsm.machine", "fsm.change", "fsm.own_facts", "fsm.participant"},
    {"fsm.memory", "fsm.observers", "fsm.snapshot", "fsm.typed_json"},
    {"fsm.counters"},
    {"fsm.classes"},
    {"fsm.room.contract"},
    {"fsm.room.users"},
    {"fsm.room.event_ids"},
    {"fsm.room.judging"},
    {"fsm.room.observing"},
    {"fsm.room.sending"},
    {"fsm.room.given_state"},
    {"fsm.room.saving"},
    {"fsm.room"},
    {"fsm.residual", "fsm.model"},
    {"fsm.policy"},
    {"fsm.data_files", "fsm.shapes", "fsm.policy_law"},
    {"fsm.syntax", "fsm.columns"},
    {"fsm.scenario"},
    {"fsm.presentation", "fsm.family"},
    {"fsm.syntax_room"},
    {
        "fsm.review.errors",
        "fsm.review.laws.source",
        "fsm.review.cases.cells",
        "fsm.review.laws",
        "fsm.review.laws.decorators",
        "fsm.review.laws.kinds",
        "fsm.review.laws.room_laws",
    },
    {"fsm.participation"},
    {"families"},
    {"fsm.policies"},
    {"fsm.log_reader", "fsm.log", "fsm.atomic"},
    {"fsm.render", "fsm.store"},
    {"tools"},
    {"fsm.testing", "fsm.gallery"},
    {"fsm.cli"},
    {"fsm.__main__"},
]
CORE = set[str]().union(*LAYERS[: next(index for index, layer in enumerate(LAYERS) if "fsm.data_files" in layer)])
FAMILIES = [name for name in FILES if name != "fsm" and {f"{name}.policies", f"{name}.room"} <= FILES.keys()]
"""A family is a folder inside the package that holds policies and a room."""

PUBLIC = [
    "EVENT",
    "MIMI",
    "PAIR",
    "ROOM",
    "SENDER",
    "TARGET",
    "Action",
    "Actor",
    "Asked",
    "Change",
    "Decision",
    "DecodeError",
    "DefinitionError",
    "Display",
    "Domain",
    "EventError",
    "Facts",
    "Family",
    "Guard",
    "JoinRule",
    "Machine",
    "MatrixRoom",
    "ObserverError",
    "Opening",
    "PairFacts",
    "Participant",
    "Participation",
    "Policy",
    "PolicyError",
    "Refusal",
    "ReplayError",
    "RevisionError",
    "RoleRoom",
    "Room",
    "Scenario",
    "State",
    "Step",
    "Syntax",
    "SyntaxRoom",
    "Tone",
    "Transition",
    "Trial",
    "Visibility",
    "about",
    "guard",
    "law",
    "load_policy",
    "room_law",
]


def imports(module: str) -> Iterator[str]:
    """The dotted names of all that a module imports, wherever in its text."""
    package = module if FILES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(FILES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield whole if whole in FILES else source


def is_within(module: str, place: str) -> bool:
    return module == place or module.startswith(f"{place}.")


def part_of(module: str) -> str:
    """The layer's member that a module belongs to."""
    for family in FAMILIES:
        if is_within(module, family):
            return "families"
    if any(module in layer for layer in LAYERS):
        return module
    top = ".".join(module.split(".")[:2])
    return top if any(top in layer for layer in LAYERS) else "tools"


def height(module: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if part_of(module) in layer)


IMPORTS = {name: set(imports(name)) for name in FILES}
INSIDE = [name for name in FILES if name != "fsm"]
OWN_IMPORTS = {name: {each for each in IMPORTS[name] if is_within(each, "fsm")} for name in FILES}


def test_the_package_is_found() -> None:
    assert FILES.keys() >= CORE
    assert {load_policy(name).family for name in CATALOGUE} <= set(FAMILIES)
    assert OWN_IMPORTS["fsm.transition"] == {"fsm.errors", "fsm.facts", "fsm.guards", "fsm.rule", "fsm.state"}


@pytest.mark.parametrize("module", INSIDE)
def test_imports_point_down(module: str) -> None:
    for other in OWN_IMPORTS[module]:
        same_folder = ".".join(module.split(".")[:2]) == ".".join(other.split(".")[:2])
        assert height(other) < height(module) or same_folder, f"{module} imports {other}"


def test_the_core_imports_itself_in_order() -> None:
    edges = {(module, other) for module in CORE for other in OWN_IMPORTS[module]}
    assert all(other in CORE for _, other in edges)
    assert all(height(other) < height(module) for module, other in edges)


@pytest.mark.parametrize("module", INSIDE)
def test_nobody_inside_goes_through_the_front_door(module: str) -> None:
    # It would bring a family along, and hide which layer is meant.
    assert "fsm" not in OWN_IMPORTS[module]


@pytest.mark.parametrize("module", INSIDE)
def test_families_are_reached_through_the_catalogue_only(module: str) -> None:
    for family in FAMILIES:
        if not is_within(module, family):
            assert not [other for other in OWN_IMPORTS[module] if is_within(other, family)]


@pytest.mark.parametrize("module", [name for name in INSIDE if not is_within(name, "fsm.participation")])
def test_what_two_families_share_is_for_families(module: str) -> None:
    if part_of(module) != "families":
        assert not [other for other in OWN_IMPORTS[module] if is_within(other, "fsm.participation")]


# fmt: off
LIBRARIES: list[tuple[str, set[str]]] = [
    ("transitions", {"fsm.machine"}),
    ("graphviz",    {"fsm.render"}),
    ("pygraphviz",  {"fsm.render"}),
    ("rich",        {"fsm.cli"}),
    ("click",       {"fsm.cli"}),
    ("signedjson",  {"fsm.matrix"}),
    ("numpy",       {"fsm.bulk"}),
    ("pyarrow",     {"fsm.bulk"}),
    ("numba",       {"fsm.bulk.decide.kernels"}),
    ("llvmlite",    {"fsm.bulk.decide.machine_code"}),
    ("ray",         {"fsm.bulk"}),
    ("sqlalchemy",  {"fsm.residual", "fsm.store"}),
]
# fmt: on


@pytest.mark.parametrize(("library", "places"), LIBRARIES)
def test_a_library_is_known_in_one_place(library: str, places: set[str]) -> None:
    users = {module for module in FILES if any(is_within(other, library) for other in IMPORTS[module])}
    assert {user for user in users if not any(is_within(user, place) for place in places)} == set()


def test_only_the_machine_knows_transitions() -> None:
    assert [module for module in FILES if "transitions" in IMPORTS[module]] == ["fsm.machine"]


def test_the_front_door() -> None:
    assert sorted(fsm.__all__) == sorted(PUBLIC)
    for name in PUBLIC:
        assert getattr(fsm, name) is not None
    with pytest.raises(AttributeError):
        fsm.no_such_name  # noqa: B018


HEAVY = ["graphviz", "pygraphviz", "argparse", "rich", "numpy", "pyarrow", "hypothesis", "pytest", "asyncio"]


# fmt: off
LIGHT = [
    ("import fsm",                                      [*HEAVY, "transitions", "fsm.policy"]),
    ("from fsm import load_policy; load_policy('matrix-12').size", [*HEAVY, "transitions", "fsm.matrix.room", "email"]),
    ("from fsm import MIMI, Room; Room.create('!', '@')", [*HEAVY, "hashlib", "json", "fsm.matrix", "fsm.mimi.codec"]),
    ("from fsm import MatrixRoom, Room",                 [*HEAVY, "json", "logging", "transitions"]),
    ("from fsm import load_policy; import fsm.log",       HEAVY),
]
# fmt: on


@pytest.mark.parametrize(("statement", "absent"), LIGHT)
def test_nothing_heavy_comes_along(statement: str, absent: list[str]) -> None:
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "fsm" in loaded
    assert loaded.isdisjoint(absent)
    assert not [module for module in loaded if module.startswith(("fsm.cli", "fsm.render"))]


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()
