"""The section of a draft, read back as a reader would: its sentences alone decide every case as the policy does."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest

from fsm import MIMI, guard
from fsm.facts import TARGET
from fsm.family import AnyPolicy
from fsm.guards import Norm
from fsm.matrix.facts import Warrant
from fsm.participation.facts import Facts
from fsm.participation.terms import JoinRule, Participation
from fsm.policies import load_policy
from fsm.policy import Transition
from fsm.render import RenderError
from fsm.render.words.section import to_section
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE
from tests.render.policies import BIG, CROWDED, DOOR, HOSTILE, WORDY

Reading = Callable[[Facts], bool]
MIMI_01 = load_policy("mimi-01")

STATES = {"invited": INVITE, "joined": JOIN, "left": LEAVE, "banned": BAN, "knocking": KNOCK}

# What a reader takes the phrases of the draft to mean, whatever our guards say.
PHRASES: dict[tuple[str, str], Callable[[Any], bool]] = {
    ("target and sender", "be the same"): lambda facts: facts.is_self,
    ("target and sender", "NOT be the same"): lambda facts: not facts.is_self,
    ("sender", "already be in the joined state"): lambda facts: facts.sender is JOIN,
    ("sender", "have permission to invite users"): lambda facts: facts.may_invite,
    ("sender", "have permission to kick users"): lambda facts: facts.may_kick,
    ("sender", "have permission to ban users"): lambda facts: facts.may_ban,
    (
        "sender",
        "have a higher (and NOT equal to) effective power level with respect to the kick permission than the target user",
    ): lambda facts: facts.outranks_for_kick,
    (
        "sender",
        "have a higher (and NOT equal to) effective power level with respect to the ban permission than the target user",
    ): lambda facts: facts.outranks_for_ban,
    # Matrix's. A third-party invite is named for its first fault, and only that one is known.
    ("event", "be the creator's first join"): lambda facts: facts.warrant is Warrant.FIRST_JOIN,
    ("event", "NOT be the creator's first join"): lambda facts: facts.warrant is not Warrant.FIRST_JOIN,
    ("event", "have a `third_party_invite` property"): lambda facts: facts.warrant.value.startswith("third_party"),
    ("event", "NOT have a `third_party_invite` property"): lambda facts: facts.warrant in ("none", "first_join"),
    (
        "event",
        "have `mxid` and `token` properties in the `signed` property of its third-party invite",
    ): lambda facts: facts.warrant is not Warrant.THIRD_PARTY_UNREADABLE,
    (
        "event",
        "name the target as the `mxid` of its third-party invite",
    ): lambda facts: facts.warrant is not Warrant.THIRD_PARTY_FOR_ANOTHER,
    (
        "event",
        "have the `token` of an `m.room.third_party_invite` in the current room state",
    ): lambda facts: facts.warrant is not Warrant.THIRD_PARTY_UNKNOWN,
    (
        "event",
        "have the sender of that `m.room.third_party_invite`",
    ): lambda facts: facts.warrant is not Warrant.THIRD_PARTY_OF_ANOTHER,
    (
        "event",
        "be signed with a public key of that `m.room.third_party_invite`",
    ): lambda facts: facts.warrant is not Warrant.THIRD_PARTY_UNSIGNED,
    (
        "event",
        "name a joined user with permission to invite users as the one who authorises the join",
    ): lambda facts: facts.is_authorised,
}


def states_in(words: str) -> set[Participation]:
    return {STATES[word] for word in re.findall("|".join(STATES), words)}


def demand(who: str, what: str) -> Reading:
    if who == "target":
        states = states_in(re.sub(r"\(.*?\)", "", what))
        return (
            (lambda facts: facts.target not in states)
            if what.startswith("NOT")
            else (lambda facts: facts.target in states)
        )
    if who == "room":
        rules = {JoinRule(rule) for rule in re.findall(r"`(\w+)`", what)}
        assert re.fullmatch(r"have the join rule (`\w+`(, | or |, or )?)+", what)
        return lambda facts: facts.join_rule in rules
    return PHRASES[who, what]


class Draft:
    """The sections on each action, and on each kind of other events, by their paragraphs."""

    def __init__(self, policy: AnyPolicy) -> None:
        self.text = to_section(policy)
        self.sections: dict[str, list[str]] = {}
        self.events: dict[str, list[str]] = {}
        for part in re.split(r"^## ", self.text, flags=re.MULTILINE)[2:]:
            head, *blocks = part.strip().split("\n\n")
            named = re.match(
                r"([\w ]+) (Conditions|Events) \{#sec-[\w-]+-(?:conditions|events)-[\w-]+\}$", unescape(head)
            )
            assert named
            kept = self.sections if named[2] == "Conditions" else self.events
            kept[named[1].lower()] = [" ".join(block.split()) if block[0] != "*" else block for block in blocks]

    def allows(self, action: str) -> Reading:
        first, *blocks = self.sections[action]
        assert re.fullmatch(rf"An? {action} takes the target to the \w+ state\.", first)
        assert self.dest(action) is Participation(action)
        if blocks[0].endswith("MUST be one of the following. Otherwise, reject."):
            ways = self._ways(blocks[1:])
            return lambda facts: any(all(asks(facts) for asks in way) for way in ways)
        assert blocks[-1] == "Otherwise, reject."
        readings = list(self._readings(blocks[:-1], action))
        return lambda facts: all(asks(facts) for asks in readings)

    def dest(self, action: str) -> Participation:
        (state,) = states_in(self.sections[action][0].partition("takes")[2])
        return state

    def _ways(self, blocks: list[str]) -> list[list[Reading]]:
        heads = [place for place, block in enumerate(blocks) if block.startswith("### ")]
        assert heads[0] == 0
        return [
            list(self._readings(blocks[start + 1 : end]))
            for start, end in zip(heads, [*heads[1:], len(blocks)], strict=True)
        ]

    def _readings(self, blocks: list[str], action: str = "") -> Iterator[Reading]:
        of_what = f" of an? {action}" if action else ""
        rest = iter(blocks)
        for block in rest:
            if match := re.fullmatch(r"If the target is in the (.*) state, the (\w+) MUST (.*)\.", block):
                yield self._if(states_in(match[1]), demand(match[2], match[3]))
            elif match := re.fullmatch(rf"The (target and sender|\w+)(?:{of_what})? MUST (.*)\.", block):
                yield demand(match[1], match[2])
            else:
                match = re.fullmatch(rf"The (\w+)(?:{of_what})? MUST:", block)
                assert match, block
                for item in re.split(r"^\* ", next(rest), flags=re.MULTILINE)[1:]:
                    words = " ".join(item.split()).removesuffix(".")
                    yield demand(match[1], words[0].lower() + words[1:] if words[:3] != "NOT" else words)

    @staticmethod
    def _if(states: set[Participation], asks: Reading) -> Reading:
        return lambda facts: facts.target not in states or asks(facts)


@pytest.mark.parametrize("name", ["mimi", "mimi-00", "mimi-01", "matrix-1", "matrix-7", "matrix-8", "matrix-12"])
def test_the_text_alone_decides_every_case_as_the_policy_does(name: str) -> None:
    policy = load_policy(name)
    draft = Draft(policy)
    readings = {action: draft.allows(action.value) for action in policy.triggers}
    assert draft.sections.keys() == {action.value for action in policy.triggers}
    for action, facts in policy.cells():
        permitted = any(row.permits(facts) for row in policy.candidates(action, facts.target))
        assert readings[action](facts) is permitted, (action, facts)


@pytest.mark.parametrize("name", ["mimi", "mimi-01", "matrix-1", "matrix-11", "matrix-12"])
def test_other_events_are_asked_in_the_text_what_their_rules_ask_and_nothing_else(name: str) -> None:
    policy = load_policy(name)
    events = Draft(policy).events
    assert [*events] == [*policy.rules_beside]
    for kind, rules in policy.rules_beside.items():
        blocks = "\n\n".join(events[kind]).split("### ")
        assert len(blocks) == (1 if len(rules) == 1 else 1 + len(rules))
        for block, rule in zip(blocks[-len(rules) :], rules, strict=True):
            asked = sorted(guard.norm.do if guard.norm else guard.holds for guard in rule.guards)
            assert sorted(demands_in(unescape(block))) == sorted(words.lower() for words in asked)


def demands_in(text: str) -> Iterator[str]:
    """What a text asks for, one by one, in small letters."""
    for block in text.split("\n\n"):
        words = " ".join(block.split()).lower()
        if block.startswith("* "):
            yield from (re.sub(r";?( and)?$|\.$", "", item) for item in words.removeprefix("* ").split(" * "))
        elif match := re.fullmatch(r"(?:the .*? must|it is required that) (.*[^:])\.", words):
            yield match[1]


# Revision 01, section 5, sentence by sentence, and where the same is said of `mimi-01`. What its authors
# say in two sentences about two join rules is one here, on the states for which a rule matters.
# fmt: off
AUTHORS = [
    ("invite", "The target user for an invite MUST: NOT already be in the banned state. NOT already be in the joined state.",
               "The target of an invite MUST NOT already be in the joined or banned state."),
    ("invite", "The sender for an invite MUST: Already be in the joined state. Have permission to invite users.",
               "The sender of an invite MUST: * Already be in the joined state. * Have permission to invite users."),
    ("join",   "The target and sender of a join MUST be the same.",
               "The target and sender of a join MUST be the same."),
    ("join",   "If the join rule is `invite` or `knock`, the user MUST already be in the joined or invite state.",
               "If the target is in the left or knocking state, the room MUST have the join rule `public`."),
    ("join",   "If the join rule is `public`, the user MUST NOT already be in the banned state.",
               "The target of a join MUST NOT already be in the banned state."),
    ("knock",  "The target and sender of a knock MUST be the same.",
               "The target and sender of a knock MUST be the same."),
    ("knock",  "If the current join rule for the room is `knock`, the user MUST NOT already be in the banned or joined state.",
               "The target of a knock MUST NOT already be in the joined or banned state. The room MUST have the join rule `knock`."),
    ("ban",    "The sender for a ban MUST: Already be in the joined state. Have permission to ban users.",
               "The sender of a ban MUST: * Already be in the joined state. * Have permission to ban users."),
    ("leave",  ("When the target and sender of a leave is the same, it is a voluntary leave. "
               "The user MUST be in the invited, joined, or knocking state."),
               ("The target and sender MUST be the same. "
               "The target MUST be in the invited (`decline`), joined (`leave`), or knocking (`withdraw`) state.")),
    ("leave",  "The target user for a kick MUST: Already be in the joined state.",
               "The target MUST already be in the joined state."),
    ("leave",  ("The sender for a kick MUST: Already be in the joined state. Have permission to kick users. Have a higher (and NOT "
               "equal to) effective power level with respect to the kick permission than the target user."),
               ("The sender MUST: * Already be in the joined state. * Have permission to kick users. * Have a higher (and NOT "
               "equal to) effective power level with respect to the kick permission than the target user.")),
    ("leave",  ("If the target user is in the banned state, the sender requires permission to ban users instead. "
               "This additionally extends to the effective power level check."),
               ("The target MUST already be in the banned state. "
               "The sender MUST: * Already be in the joined state. * Have permission to ban users. * Have a higher (and NOT "
               "equal to) effective power level with respect to the ban permission than the target user.")),
]
# fmt: on


@pytest.mark.parametrize(("action", "theirs", "ours"), AUTHORS)
def test_revision_01_says_what_its_authors_say(action: str, theirs: str, ours: str) -> None:
    section = " ".join(" ".join(Draft(MIMI_01).sections[action]).split())
    assert theirs
    assert ours in section


def test_revision_01_says_nothing_that_its_authors_do_not() -> None:
    ours = " ".join(ours for _, _, ours in AUTHORS)
    for blocks in Draft(MIMI_01).sections.values():
        for block in blocks[1:]:
            for sentence in re.findall(r"[^.]*\bMUST\b[^.]*\.", " ".join(block.split())):
                known = " ".join(sentence.split()) in ours
                assert known or re.search(r"one of the following|MUST NOT be the same", sentence), sentence


@guard("the moon is full", fails="the moon is not full")
def moon_is_full(facts: Facts) -> bool:
    return facts.may_kick


@guard("the target is known", fails="the target is not known", norm=Norm(TARGET, "be known in the room"))
def target_is_known(facts: Facts) -> bool:
    return facts.may_invite


@guard("the sky is clear", fails="the sky is not clear")
def sky_is_clear(facts: Facts) -> bool:
    return facts.may_ban


def conditions(*rows: Transition[Facts]) -> str:
    policy = MIMI.evolve("own", drop=[row.id for row in MIMI.transitions], add=rows)
    text = to_section(policy)
    return " ".join(text[text.index("Conditions") :].split())


# fmt: off
SENTENCES = [
    ("a guard without a norm",  Transition("accept", JOIN, {INVITE}, JOIN, (moon_is_full,)),
     "It is REQUIRED that the moon is full."),
    ("several of them",         Transition("accept", JOIN, {INVITE}, JOIN, (moon_is_full, sky_is_clear)),
     "It is REQUIRED that: * the moon is full; * the sky is clear."),
    ("a norm on the target",    Transition("accept", JOIN, {INVITE}, JOIN, (target_is_known,)),
     "The target of a join MUST: * Already be in the invited state. * Be known in the room."),
    ("no guard",                Transition("accept", JOIN, {INVITE}, JOIN, ()),
     "The target of a join MUST already be in the invited state. Otherwise, reject."),
    ("any state",               Transition("come", JOIN, frozenset(Participation), JOIN, (moon_is_full,)),
     "takes the target to the joined state. It is REQUIRED that the moon is full. Otherwise, reject."),
    ("two states of five",      Transition("accept", JOIN, {INVITE, KNOCK}, JOIN, ()),
     "The target of a join MUST already be in the invited or knocking state."),
    ("three states of five",    Transition("accept", JOIN, {INVITE, KNOCK, LEAVE}, JOIN, ()),
     "The target of a join MUST NOT already be in the joined or banned state."),
]
# fmt: on


@pytest.mark.parametrize(("row", "sentence"), [each[1:] for each in SENTENCES], ids=[each[0] for each in SENTENCES])
def test_sentences_of_a_row(row: Transition[Facts], sentence: str) -> None:
    assert sentence in conditions(row)


def test_cases_of_an_action_are_told_apart_by_the_state() -> None:
    rows = (
        Transition("accept", JOIN, {INVITE}, JOIN, (moon_is_full,)),
        Transition("join", JOIN, {LEAVE}, JOIN, (moon_is_full, sky_is_clear, target_is_known)),
    )
    text = conditions(*rows)
    assert (
        "If the target is in the left state: * It is REQUIRED that the sky is clear. * The target MUST be known" in text
    )
    assert text.count("the moon is full") == 1


def test_an_action_that_is_never_possible() -> None:
    @guard("never", fails="never")
    def never(facts: Facts) -> bool:
        return facts.may_ban and not facts.may_ban

    join: Transition[Facts] = Transition("accept", JOIN, {INVITE}, JOIN, (never,))
    assert "A join MUST be rejected." in conditions(join, Transition("go", LEAVE, {JOIN}, LEAVE, ()))


def test_the_headings_begin_where_told() -> None:
    heads = [line.split()[0] for line in to_section(MIMI, level=3).splitlines() if line.startswith("#")]
    assert set(heads) == {"###", "####"}
    assert heads[0] == "###"


def test_ids_begin_with_the_prefix() -> None:
    text = to_section(MIMI, prefix="x")
    anchors = re.findall(r"\{:? ?#([\w-]+)|(?<!-)anchor=\"([\w-]+)\"", text)
    assert anchors
    assert all(re.match(r"(sec|fig|tab)-x(-|$)", one or other) for one, other in anchors)
    assert {"{{fig-x}}", "{{tab-x}}"} == set(re.findall(r"\{\{.*?\}\}", text))


def test_a_prefix_that_is_none() -> None:
    with pytest.raises(RenderError, match="cannot begin an id"):
        to_section(MIMI, prefix="1 2")


def test_edges_link_to_sections() -> None:
    assert 'href="https://example.org/d.html#section-5.2"' in to_section(MIMI, link_base="https://example.org/d.html")


@pytest.mark.parametrize("policy", [MIMI, CROWDED, DOOR, HOSTILE], ids=["mimi", "crowded", "door", "hostile"])
def test_every_row_and_every_guard_is_in_the_text(policy: Any) -> None:
    text = to_section(policy)
    words = " ".join(text.split())
    possible = {row for row, actor in policy.actors.items() if actor != "nobody"}
    if policy is not HOSTILE:
        assert all(re.search(rf"\b{row}\b", text, re.IGNORECASE) for row in possible)
    for row in policy.transitions:
        for each in row.guards:
            if each.norm and row.id in possible:
                assert each.norm.do[1:] in words


def test_a_policy_of_many_actions_has_a_narrow_table() -> None:
    table = [line for line in to_section(HOSTILE).splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {4}
    assert len(table) == 2 + len(HOSTILE.transitions)


@pytest.mark.parametrize(
    ("policy", "columns"),
    [(MIMI, 6), (load_policy("matrix-12"), 6), pytest.param(BIG, 3, marks=pytest.mark.long), (WORDY, 3)],
)
def test_a_table_has_as_many_columns_as_a_page_has_room_for(policy: AnyPolicy, columns: int) -> None:
    rows = [line for line in to_section(policy).partition("</figure>")[2].splitlines() if line.startswith("| ")]
    assert {row.count("|") - 1 for row in rows} == {columns}
    assert all(any(each.id in unescape(row) for row in rows) for each in policy.transitions)
