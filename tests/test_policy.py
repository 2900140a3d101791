"""A policy is valid by construction, and the order of its rows says nothing."""

from dataclasses import FrozenInstanceError, replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm import MIMI, Action, Actor, DefinitionError, Domain, Facts, Guard, JoinRule, Policy, Transition
from fsm.facts import SenderFacts
from fsm.participation.guards import sender_is_joined, sender_is_target, sender_may_kick
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, facts, is_one_line, one_line

BOW = Transition("bow", JOIN, {INVITE}, JOIN, (sender_is_target,), clause="1.2")
WAVE = Transition("wave", LEAVE, {JOIN, KNOCK}, LEAVE, (sender_is_joined, sender_may_kick), clause="1.3")


def policy(*rows: Transition[Facts], domain: Domain[Facts] = MIMI.domain, **more: Any) -> Policy[Facts]:
    return Policy(
        **{"id": "tea", "title": "Tea", "source": "a book", "family": "fsm.mimi", **more},
        domain=domain,
        transitions=rows,
    )


def row(**changes: Any) -> Transition[Facts]:
    """A row that leads a user out, but for what differs."""
    fields: dict[str, Any] = {"id": "go", "trigger": LEAVE, "source": {JOIN}, "dest": LEAVE, "guards": ()}
    return Transition(**{**fields, **changes})


def named(test: Any) -> Guard[Any]:
    return Guard(test, "it holds", "it fails")


def always(_: Facts) -> bool:
    return True


def needs_two(_: Facts, __: Facts) -> bool:
    return True


def answers_a_word(_: Facts) -> bool:
    return "yes"  # type: ignore[return-value]


def answers_nothing(_: Facts) -> bool:
    return None  # type: ignore[return-value]


def answers_a_number(_: Facts) -> bool:
    return 1  # type: ignore[return-value]


def raises(_: Facts) -> bool:
    raise LookupError("no kettle")


def raises_two_lines(_: Facts) -> bool:
    raise LookupError("no kettle\nand no tea")


def asks_the_weather(given: Any) -> bool:
    return bool(given.weather)


# What is wrong with the row of an otherwise sound policy, and how the message goes on after naming the row.
# fmt: off
FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"source": {"sleep"}},                      "unknown state `sleep`"),
    ({"source": {JOIN, "sleep"}},                "unknown state `sleep`"),
    ({"source": {"join"}},                       "unknown state `join`"),
    ({"source": "join"},                         "unknown state `"),
    ({"dest": "sleep"},                          "unknown state `sleep`"),
    ({"dest": "leave"},                          "unknown state `leave`"),
    ({"dest": JoinRule.PUBLIC},                  "unknown state `public`"),
    ({"dest": JoinRule.INVITE},                  "unknown state `invite`"),
    ({"guards": ("sender_is_joined",)},          "'sender_is_joined' is not a guard"),
    ({"guards": (always,)},                      "<function always"),
    ({"guards": (None,)},                        "None is not a guard"),
    ({"guards": (named(needs_two),)},            "guard `needs_two` is not a function of the facts: "),
    ({"guards": (named(lambda: True),)},         "guard `<lambda>` is not a function of the facts: "),
    ({"guards": (named(asks_the_weather),)},     "guard `asks_the_weather` is not a function of the facts: "),
    ({"guards": (named(raises),)},               "guard `raises` is not a function of the facts: no kettle"),
    ({"guards": (named(raises_two_lines),)},     "guard `raises_two_lines` is not a function of the facts: no"),
    ({"guards": (named(answers_a_word),)},       "guard `answers_a_word` answers 'yes', not true or false"),
    ({"guards": (named(answers_nothing),)},      "guard `answers_nothing` answers None, not true or false"),
    ({"guards": (named(answers_a_number),)},     "guard `answers_a_number` answers 1, not true or false"),
    ({"guards": (sender_is_joined, named(raises))}, "guard `raises` is not a function of the facts: no kettle"),
    # A guard that is no function at all; a function without a name, by which nothing could be refused.
    ({"guards": (named("kettle"),)},             ""),
    ({"guards": (named(None),)},                 ""),
    ({"guards": (named(partial(needs_two, facts())),)}, ""),
    # The comma forgotten that makes a tuple of one; a bare word for an action.
    ({"guards": sender_is_joined},               ""),
    ({"trigger": "leave"},                       ""),
]
# fmt: on


@pytest.mark.parametrize(("changes", "message"), FAULTS)
def test_a_faulty_row_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        policy(row(**changes))
    assert str(caught.value).removeprefix("policy `tea`, ").startswith(f"transition `go`: {message}")
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize("changes", [{"id": ""}, {"source": set()}, {"source": ""}])
def test_a_row_needs_an_id_and_a_source(changes: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError, match=one_line("transition `")):
        row(**changes)


def test_a_policy_needs_rows() -> None:
    with pytest.raises(DefinitionError, match=one_line("policy `tea` has no transitions")):
        policy()


def test_ids_are_distinct() -> None:
    with pytest.raises(DefinitionError, match=one_line("policy `tea` has two transitions with the id `bow`")):
        policy(BOW, WAVE, row(id="bow"))


def test_the_facts_must_tell_who_acts() -> None:
    with pytest.raises(DefinitionError, match=one_line("policy `tea`: the facts lack is_self, target")):
        policy(row(), domain=Domain(SenderFacts))  # type: ignore[arg-type]


def test_a_state_outside_the_domain_is_unknown() -> None:
    narrow = Domain(Facts, {**MIMI.domain.limits, "target": (JOIN, LEAVE)})
    assert policy(row(), domain=narrow).states == (JOIN, LEAVE)
    with pytest.raises(DefinitionError, match=one_line("policy `tea`, transition `bow`: unknown state `invite`")):
        policy(BOW, domain=narrow)


def test_a_policy_that_passes_is_a_value() -> None:
    sound = policy(BOW, WAVE)
    assert sound.transitions == (BOW, WAVE)
    assert sound.triggers == (JOIN, LEAVE)
    assert sound.guards == (sender_is_target, sender_is_joined, sender_may_kick)
    assert sound.states == (INVITE, JOIN, LEAVE, BAN, KNOCK)
    with pytest.raises(FrozenInstanceError):
        sound.id = "coffee"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        BOW.dest = BAN  # type: ignore[misc]


def test_a_row_keeps_a_copy_of_its_sources() -> None:
    sources = {JOIN}
    kept = row(source=sources)
    sources.add(BAN)
    assert kept.source == {JOIN}
    assert isinstance(kept.source, frozenset)


def test_a_policy_keeps_a_copy_of_its_rows() -> None:
    rows = [BOW]
    kept = Policy("t", "T", "s", MIMI.domain, rows, "f")  # type: ignore[arg-type]  # a list, to change it below
    rows.append(WAVE)
    assert kept.transitions == (BOW,)


# fmt: off
REPEATS = [
    ({JOIN},        JOIN,  True),
    ({JOIN},        LEAVE, False),
    ({JOIN, LEAVE}, LEAVE, False),
]
# fmt: on


@pytest.mark.parametrize(("source", "dest", "repeats"), REPEATS)
def test_a_row_repeats_when_it_changes_nothing(source: set[Action], dest: Action, repeats: bool) -> None:
    assert row(source=source, dest=dest).repeats is repeats


def test_a_row_permits_when_all_guards_hold() -> None:
    assert WAVE.permits(facts(may_kick=True))
    assert not WAVE.permits(facts())
    assert not WAVE.permits(facts(may_kick=True, sender=LEAVE))
    assert row().permits(facts()), "no guards, no objections"


def test_candidates_are_the_rows_for_an_action_in_a_state() -> None:
    two = policy(BOW, WAVE, row(id="go"))
    assert [each.id for each in two.candidates(LEAVE, JOIN)] == ["wave", "go"]
    assert [each.id for each in two.candidates(LEAVE, KNOCK)] == ["wave"]
    assert [each.id for each in two.candidates("join", "invite")] == ["bow"]
    assert two.candidates(LEAVE, BAN) == two.candidates(BAN, JOIN) == two.candidates("dance", JOIN) == ()


def test_cells_are_each_action_with_all_facts() -> None:
    cells = list(policy(BOW, WAVE).cells())
    assert len(cells) == 2 * MIMI.domain.size
    assert cells == [(action, given) for action in (JOIN, LEAVE) for given in MIMI.domain]


def test_an_action_meets_only_the_facts_that_its_events_carry() -> None:
    carrying = policy(BOW, WAVE, carries={JOIN: {"may_kick": (True,)}})
    everything = list(MIMI.domain)
    assert list(carrying.asked(JOIN)) == [given for given in everything if given.may_kick]
    assert list(carrying.asked(LEAVE)) == everything
    assert list(carrying.cells()) == [(action, given) for action in (JOIN, LEAVE) for given in carrying.asked(action)]


# fmt: off
BAD_CARRIES: list[tuple[dict[str, Any], str]] = [
    ({"colour": (True,)},         "unknown fact `colour`"),
    ({"join_rule": ()},           "fact `join_rule` cannot be limited to "),
    ({"join_rule": ("public",)},  "fact `join_rule` cannot be limited to "),
]
# fmt: on


@pytest.mark.parametrize(("limits", "message"), BAD_CARRIES)
def test_events_carry_facts_that_there_are(limits: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(message)):
        policy(BOW, carries={JOIN: limits})


def test_who_can_make_a_transition_happen() -> None:
    self_but_not_joined = policy(
        BOW, WAVE, row(id="sigh", source={LEAVE}, guards=(sender_is_target, sender_is_joined)), row(id="go")
    )
    assert self_but_not_joined.actors == {
        "bow": Actor.TARGET,
        "wave": Actor.ANYONE,
        "sigh": Actor.NOBODY,
        "go": Actor.ANYONE,
    }


# Versions are differences.


def test_evolve_adds_drops_and_replaces() -> None:
    first = policy(BOW, WAVE)
    nod, deep_bow = row(id="nod"), row(id="bow", guards=(sender_is_joined,))
    second = first.evolve("coffee", add=[nod], drop=["wave"], replace=[deep_bow], title="Coffee")
    assert (second.id, second.title, second.source) == ("coffee", "Coffee", "a book")
    assert second.transitions == (deep_bow, nod)
    assert second.domain is first.domain
    assert type(second) is type(first)


def test_evolve_leaves_the_original_as_it_was() -> None:
    first = policy(BOW, WAVE)
    assert first.candidates(LEAVE, JOIN) == (WAVE,)
    second = first.evolve("coffee", drop=["wave"])
    assert (first.id, first.transitions) == ("tea", (BOW, WAVE))
    assert (first.triggers, second.triggers) == ((JOIN, LEAVE), (JOIN,))
    assert first.candidates(LEAVE, JOIN) == (WAVE,)
    assert second.candidates(LEAVE, JOIN) == ()


# What is told when evolving, and the title and the source that come of it.
# fmt: off
NAMED: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({},                                               ("Tea", "a book")),
    ({"replace": [BOW]},                               ("Tea", "a book")),
    ({"drop": ["wave"]},                               ("Tea, with changes", "a book, with changes")),
    ({"add": [row(id="nod")]},                         ("Tea, with changes", "a book, with changes")),
    ({"replace": [row(id="bow", clause="9")]},         ("Tea, with changes", "a book, with changes")),
    ({"carries": {JOIN: {"is_self": (True,)}}},        ("Tea, with changes", "a book, with changes")),
    ({"source": "my book"},                            ("Tea", "my book")),
    ({"drop": ["wave"], "source": "my book"},          ("Tea, with changes", "my book")),
    ({"drop": ["wave"], "title": "Coffee"},            ("Coffee", "a book")),
]
# fmt: on


@pytest.mark.parametrize(("told", "names"), NAMED)
def test_what_differs_does_not_go_by_the_name_of_the_document(told: dict[str, Any], names: tuple[str, str]) -> None:
    derived = policy(BOW, WAVE).evolve("coffee", **told)
    assert (derived.title, derived.source) == names
    again = derived.evolve("decaf", drop=["bow"]) if len(derived.transitions) > 1 else derived
    assert again.title.count("with changes") <= 1


def test_a_replaced_row_keeps_its_place() -> None:
    assert [each.id for each in policy(BOW, WAVE).evolve("x", replace=[row(id="bow")]).transitions] == ["bow", "wave"]


def test_evolve_keeps_what_a_family_adds_to_a_policy() -> None:
    other = MIMI.evolve("other", drop=["knock"])
    assert type(other) is type(MIMI)
    assert (other.permits, other.power) == (MIMI.permits, MIMI.power)


# fmt: off
MISFITS: list[tuple[dict[str, Any], str]] = [
    ({"drop": ["publik"]},          "policy `x` drops unknown transition `publik`"),
    ({"drop": ["bow", "bow"]},      "policy `x` drops unknown transition `bow`"),
    ({"replace": [row(id="nod")]},  "policy `x` replaces unknown transition `nod`"),
    ({"drop": ["bow"], "replace": [row(id="bow")]}, "policy `x` replaces unknown transition `bow`"),
    ({"add": [row(id="bow")]},      "policy `x` has two transitions with the id `bow`"),
    ({"drop": ["bow", "wave"]},     "policy `x` has no transitions"),
    ({"add": [row(dest="sleep")]},  "policy `x`, transition `go`: unknown state `sleep`"),
]
# fmt: on


@pytest.mark.parametrize(("changes", "message"), MISFITS)
def test_evolve_refuses_what_does_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(message)):
        policy(BOW, WAVE).evolve("x", **changes)


def test_definition_errors_quote_user_input_on_one_line() -> None:
    with pytest.raises(DefinitionError) as caught:
        policy(row(id="go\nhome", dest="sleep"))
    assert is_one_line(str(caught.value))


# Rows only permit. What one row permits, no other row can forbid.

SAMPLE = list(MIMI.cells())[::37]  # 37 divides no number of values: all facts vary
ROWS = st.lists(
    st.builds(
        Transition,
        id=st.text("abcdefgh", min_size=8, max_size=8),
        trigger=st.sampled_from(Action),
        source=st.sets(st.sampled_from(Action), min_size=1),
        dest=st.sampled_from(Action),
        guards=st.lists(st.sampled_from(MIMI.guards), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each.id,
)


def permitted(table: Policy[Facts], cells: list[tuple[Any, Facts]]) -> list[set[str]]:
    """The ids of the rows that permit each cell."""
    return [
        {each.id for each in table.candidates(action, given.target) if each.permits(given)} for action, given in cells
    ]


@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_never_matters(rows: list[Transition[Facts]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert permitted(policy(*rows), SAMPLE) == permitted(policy(*shuffled), SAMPLE)


@given(rows=ROWS)
def test_one_more_row_never_takes_a_permission_away(rows: list[Transition[Facts]]) -> None:
    fewer = MIMI if len(rows) == 1 else policy(*rows[1:])
    more = fewer.evolve("more", add=rows[:1])
    for before, after in zip(permitted(fewer, SAMPLE), permitted(more, SAMPLE), strict=True):
        assert before <= after


@settings(max_examples=3)
@given(rows=st.permutations(MIMI.transitions))
def test_mimi_means_the_same_in_any_order(rows: list[Transition[Facts]]) -> None:
    cells = list(MIMI.cells())
    assert permitted(MIMI, cells) == permitted(replace(MIMI, transitions=tuple(rows)), cells)
