"""Decision diagrams and the words of facts, without a browser."""

from enum import StrEnum
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import Domain, JoinRule
from fsm.family import AnyPolicy
from fsm.mimi.policies import DOMAIN, MIMI
from fsm.policies import load_policy
from fsm.render.explorer.table import NO, UNASKED, Forest, tabulate
from fsm.render.explorer.table import YES as CAN_BE
from fsm.render.explorer.words import words_of
from tests.builders import BAN, INVITE, JOIN, STAFF, facts
from tests.render.policies import DOOR, HOSTILE


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


FACTS = {"colour": tuple(Colour), "bright": (False, True), "old": (False, True)}
CELLS = list(product(*FACTS.values()))


def follow(forest: Forest, root: int, cell: tuple[Any, ...]) -> int:
    places = [values.index(value) for values, value in zip(FACTS.values(), cell, strict=True)]
    while root < 0:
        fact, *branches = forest.nodes[-root - 1]
        root = branches[places[fact]]
    return root


@given(st.dictionaries(st.sampled_from(CELLS), st.integers(1, 4)))
def test_a_diagram_says_what_was_folded(leaves: dict[tuple[Any, ...], int]) -> None:
    forest = Forest(FACTS)
    root, told = forest.fold(leaves), forest.fold(dict.fromkeys(leaves, CAN_BE), NO)
    for cell in CELLS:
        assert follow(forest, told, cell) == (CAN_BE if cell in leaves else NO)
        if cell in leaves:
            assert follow(forest, root, cell) == leaves[cell]


def test_what_does_not_matter_takes_no_node() -> None:
    forest = Forest(FACTS)
    assert forest.fold(dict.fromkeys(CELLS, 3)) == 3
    assert forest.fold({CELLS[0]: 3}) == 3
    assert forest.fold({}) == UNASKED
    assert forest.nodes == []
    one = forest.fold({cell: 1 + int(cell[1] is True) for cell in CELLS})
    assert one == forest.fold({cell: 1 + int(cell[1] is True) for cell in CELLS if cell[2]})
    assert forest.nodes == [(1, 1, 2)]


def test_a_table_is_small() -> None:
    table = tabulate(MIMI)
    assert len(table.nodes) < 200
    assert table.telling["sender"] is JOIN
    assert table.telling["is_self"] is False


def test_a_fact_matters_where_a_decision_looks_at_it() -> None:
    assert tabulate(MIMI).matter == set(MIMI.domain.values)
    quiet = MIMI.evolve("quiet", drop=[row.id for row in MIMI.transitions if row.trigger == INVITE])
    assert tabulate(quiet).matter == set(MIMI.domain.values) - {"may_invite"}


def test_guards_give_facts_their_words() -> None:
    words = words_of(MIMI)
    assert [option.sentence for option in words["may_kick"].options] == [
        "the sender may not kick",
        "the sender may kick",
    ]
    assert words["may_kick"].switch
    assert words["may_kick"].group == "The sender"
    assert [option.label for option in words["is_self"].options] == ["another user", "the target"]
    assert [option.sentence for option in words["join_rule"].options] == [
        "the join rule is invite", "the room takes knocks", "the room is public",
    ]  # fmt: skip
    assert [option.sentence for option in words["target"].options][:2] == [
        "the target is in invite",
        "the target is in join",
    ]


def test_facts_without_guards_have_words_as_well() -> None:
    assert words_of(DOOR)["key"].options[1].label == "has the key"
    assert words_of(HOSTILE)["is_self"].options[1].sentence == "the sender is the target"
    bare = MIMI.evolve("bare", drop=[row.id for row in MIMI.transitions if row.id != "accept"])
    assert [option.sentence for option in words_of(bare)["may_ban"].options] == [
        "may ban: no",
        "may ban: yes",
    ]
    assert words_of(bare)["may_ban"].options[1].label == "may ban"


def test_facts_stand_in_the_groups_of_their_subjects() -> None:
    groups = {name: words.group for name, words in words_of(load_policy("matrix-12")).items()}
    assert groups == {
        "target": "The target",
        **dict.fromkeys(("sender", "is_self", *STAFF), "The sender"),
        "join_rule": "The room",
        "warrant": "The event",
        "is_authorised": "The event",
    }


def test_what_an_event_carries_limits_what_can_be_asked() -> None:
    carrying = MIMI.evolve("carrying", carries={INVITE: {"join_rule": (JoinRule.PUBLIC,)}})
    table = tabulate(carrying)
    assert table.asked[INVITE] != table.asked[BAN] == table.possible


def test_facts_that_occur_together_keep_their_words() -> None:
    tied = Domain(DOMAIN.record, DOMAIN.limits, (lambda each: each.may_kick is each.may_ban,))
    words = words_of(MIMI.evolve("tied", domain=tied))
    assert words["may_ban"].options[1].label == "may ban"
    assert words["may_kick"].options[1].label == "may kick"


@pytest.mark.parametrize("policy", [MIMI, DOOR], ids=lambda policy: policy.id)
def test_telling_facts_are_possible(policy: AnyPolicy) -> None:
    telling = tabulate(policy).telling
    assert any(all(getattr(each, name) is value for name, value in telling.items()) for each in policy.domain.records)


def test_the_builders_facts_are_cells() -> None:
    assert facts() in MIMI.domain.records
