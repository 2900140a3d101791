"""Every permit by its id, in both outcomes; and all of them against plain conditions."""

from collections.abc import Callable

import pytest

from fsm import MIMI, Decision, Domain, Participation, Refusal
from fsm.decision import judge
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.policies import MIMI_00, MIMI_01, MimiPolicy
from fsm.mimi.rules import rules_of
from tests.builders import BAN, INVITE, KNOCK, LEAVE, Given, event_facts, is_one_line, label

PERMITS = {permit.id: permit for permit in MIMI.all_permits}
KIND_OF = {permit.id: kind for kind, permits in MIMI.permits.items() for permit in permits}
NOT_JOINED = [state for state in Participation if state is not Participation.JOIN]

RECORDS = list(Domain(EventFacts))

NEW: Given = {"is_created": False}
NO_MESSAGES: Given = {"is_message_denied": True}
NOT_THIS_TYPE: Given = {"is_type_denied": True}
NOT_OWN: Given = {"is_own_event": False}
NO_REDACTING: Given = {"may_redact": False}
NOT_GRANTED: Given = {"is_type_granted": False}
NOT_LISTED: Given = {"is_every_role_listed": False}
NOT_BELOW: Given = {"is_every_role_below": False}
NOT_HELD: Given = {"is_every_grant_held": False}
NOBODY_LEFT: Given = {"is_administrator_left": False}
IDS_REPEAT: Given = {"are_role_ids_distinct": False}
ORDERS_REPEAT: Given = {"are_role_orders_distinct": False}

# A permit, the facts where they differ from an event against which nothing speaks, and the guards that fail.
# fmt: off
CASES: list[tuple[str, Given, tuple[str, ...]]] = [
    ("create",   NEW,                                    ()),
    ("create",   {**NEW, "sender": LEAVE},               ()),
    ("create",   {**NEW, "sender": BAN, **NOT_GRANTED},  ()),
    ("create",   {},                                     ("room_is_new",)),

    ("message",  {},                                     ()),
    ("message",  {**NOT_GRANTED, **NOT_LISTED},          ()),
    ("message",  NO_MESSAGES,                            ("message_is_not_denied",)),
    ("message",  NOT_THIS_TYPE,                          ("type_is_not_denied",)),
    ("message",  {"sender": LEAVE},                      ("sender_is_joined",)),
    ("message",  {"sender": INVITE, **NO_MESSAGES},      ("sender_is_joined", "message_is_not_denied")),

    ("redact_own", {},                                   ()),
    ("redact_own", {**NO_REDACTING, **NO_MESSAGES, **NOT_THIS_TYPE, **NOT_GRANTED}, ()),
    ("redact_own", NOT_OWN,                              ("event_is_own",)),
    ("redact_own", {"sender": LEAVE},                    ("sender_is_joined",)),

    ("redact",   {},                                     ()),
    ("redact",   {**NOT_OWN, **NOT_GRANTED},             ()),
    ("redact",   NO_REDACTING,                           ("sender_may_redact",)),
    ("redact",   {"sender": BAN},                        ("sender_is_joined",)),
    ("redact",   {"sender": BAN, **NO_REDACTING},        ("sender_is_joined", "sender_may_redact")),

    ("state",    {},                                     ()),
    ("state",    {**NO_MESSAGES, **NOBODY_LEFT},              ()),
    ("state",    NOT_GRANTED,                            ("type_is_granted",)),
    ("state",    {"sender": KNOCK},                      ("sender_is_joined",)),
    ("state",    {"sender": BAN, **NOT_GRANTED},         ("sender_is_joined", "type_is_granted")),

    ("role",     {},                                     ()),
    ("role",     {**IDS_REPEAT, **ORDERS_REPEAT},        ()),
    ("role",     {"sender": LEAVE},                      ("sender_is_joined",)),
    ("role",     NOT_GRANTED,                            ("type_is_granted",)),
    ("role",     NOT_LISTED,                             ("touched_roles_are_listed",)),
    ("role",     NOT_BELOW,                              ("touched_roles_are_below",)),
    ("role",     NOT_HELD,                               ("granted_permissions_are_held",)),
    ("role",     NOBODY_LEFT,                            ("administrator_remains",)),
    ("role",     {**NOT_LISTED, **NOT_HELD},             ("touched_roles_are_listed", "granted_permissions_are_held")),

    ("role_map", {},                                     ()),
    ("role_map", {**NO_MESSAGES},                             ()),
    ("role_map", {"sender": LEAVE},                      ("sender_is_joined",)),
    ("role_map", IDS_REPEAT,                             ("role_ids_are_distinct",)),
    ("role_map", ORDERS_REPEAT,                          ("role_orders_are_distinct",)),
    ("role_map", NOT_GRANTED,                            ("type_is_granted",)),
    ("role_map", NOT_LISTED,                             ("touched_roles_are_listed",)),
    ("role_map", NOT_BELOW,                              ("touched_roles_are_below",)),
    ("role_map", NOT_HELD,                               ("granted_permissions_are_held",)),
    ("role_map", NOBODY_LEFT,                            ("administrator_remains",)),
    ("role_map", {**IDS_REPEAT, **ORDERS_REPEAT, **NOBODY_LEFT},
     ("role_ids_are_distinct", "role_orders_are_distinct", "administrator_remains")),
]

PERMITTED = [
    ("create",     "create",    "-00 3.1"),
    ("role",       "role",      "4.4"),
    ("role_map",   "role_map",  "4.4"),
    ("state",      "state",     "-00 5.4"),
    ("redact_own", "redaction", "4.3"),
    ("redact",     "redaction", "4.3"),
    ("message",    "message",   "4.3"),
]
# fmt: on


@pytest.mark.parametrize(("permit", "given", "failed"), CASES, ids=label)
def test_permit(permit: str, given: Given, failed: tuple[str, ...]) -> None:
    row, facts = PERMITS[permit], event_facts(**given)
    decision = judge([row], facts)
    if failed:
        assert decision.refusals == (Refusal(permit, failed, row.clause),)
        assert decision == Decision(allowed=False, refusals=decision.refusals, reason=decision.reason)
        assert decision.reason.startswith(f"{permit}: ")
        assert is_one_line(decision.reason)
    else:
        assert decision == Decision(allowed=True)
        assert judge(MIMI.permits[KIND_OF[permit]], facts), "what one row permits is permitted"


@pytest.mark.parametrize("permit", PERMITS)
def test_every_permit_has_a_case_in_either_outcome_and_for_every_guard(permit: str) -> None:
    outcomes = [failed for tested, _, failed in CASES if tested == permit]
    assert () in outcomes
    assert {(guard.name,) for guard in PERMITS[permit].guards} <= set(outcomes)


def test_the_permits_are_these() -> None:
    assert [(permit.id, KIND_OF[permit.id], permit.clause) for permit in MIMI.all_permits] == PERMITTED


def test_a_redaction_is_permitted_by_either_row() -> None:
    rows = MIMI.permits[Kind.REDACTION]
    assert judge(rows, event_facts(**NOT_OWN))
    assert judge(rows, event_facts(**NO_REDACTING))
    refused = judge(rows, event_facts(**NOT_OWN, **NO_REDACTING))
    assert [refusal.failed for refusal in refused.refusals] == [("event_is_own",), ("sender_may_redact",)]
    assert refused.reason == "redact_own: the event redacted is not the sender's own"


def test_the_guards_that_failed_are_told_in_words() -> None:
    decision = judge(MIMI.permits[Kind.ROLE_MAP], event_facts(**IDS_REPEAT, **ORDERS_REPEAT))
    assert decision.reason == "role_map: `content.roles` repeats a role id, and `content.roles` repeats an order"


@pytest.mark.parametrize("state", NOT_JOINED)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.CREATE])
def test_nobody_outside_the_room_sends_anything(kind: Kind, state: Participation) -> None:
    decision = judge(MIMI.permits[kind], event_facts(sender=state))
    assert {refusal.failed for refusal in decision.refusals} == {("sender_is_joined",)}
    assert decision.reason.endswith(": the sender is not joined")


def test_what_no_row_is_about_is_refused() -> None:
    assert judge([], event_facts()) == Decision(allowed=False, reason="nobody may send such an event")


# The same rules once more, as plain conditions.


def mimi(kind: str, facts: EventFacts) -> bool:
    match kind:
        case "create":
            return not facts.is_created
        case "message":
            return facts.sender == "join" and not facts.is_message_denied and not facts.is_type_denied
        case "redaction":
            return facts.sender == "join" and (facts.is_own_event or facts.may_redact)
        case "state":
            return facts.sender == "join" and facts.is_type_granted
    may_change = facts.sender == "join" and facts.is_type_granted and facts.is_every_role_listed
    is_proper = facts.is_every_role_below and facts.is_every_grant_held and facts.is_administrator_left
    return may_change and is_proper and (kind == "role" or _is_distinct(facts))


def mimi_01(kind: str, facts: EventFacts) -> bool:
    match kind:
        case "create":
            return not facts.is_created
        case "message" | "state":
            return facts.sender == "join" and not facts.is_message_denied
        case "redaction":
            return facts.sender == "join" and (facts.is_own_event or facts.may_redact)
    return facts.sender == "join" and facts.is_every_role_listed and (kind == "role" or _is_distinct(facts))


def mimi_00(kind: str, facts: EventFacts) -> bool:
    match kind:
        case "create":
            return not facts.is_created
        case "message" | "state":
            return facts.sender == "join" and facts.is_type_granted
        case "redaction":
            return facts.sender == "join" and (facts.is_own_event or (facts.is_type_granted and facts.may_redact))
    may_change = facts.sender == "join" and facts.is_type_granted and facts.is_every_role_listed
    return may_change and (kind == "role" or _is_distinct(facts))


def _is_distinct(facts: EventFacts) -> bool:
    return facts.are_role_ids_distinct and facts.are_role_orders_distinct


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("policy", "plain"), [(MIMI, mimi), (MIMI_01, mimi_01), (MIMI_00, mimi_00)], ids=label)
def test_permits_agree_with_plain_conditions_everywhere(
    policy: MimiPolicy, plain: Callable[[str, EventFacts], bool], kind: Kind
) -> None:
    rows = policy.permits[kind]
    for facts in RECORDS:
        decision = judge(rows, facts)
        assert decision.allowed is plain(kind, facts)
        assert (decision.transition, decision.before, decision.after) == (None, None, None)
        if not decision:
            assert [refusal.transition for refusal in decision.refusals] == [row.id for row in rows]
            assert all(refusal.failed for refusal in decision.refusals)
            assert is_one_line(decision.reason)


@pytest.mark.parametrize(("permit", "given"), [(permit, given) for permit, given, _ in CASES], ids=label)
@pytest.mark.parametrize(("policy", "plain"), [(MIMI, mimi), (MIMI_01, mimi_01), (MIMI_00, mimi_00)], ids=label)
def test_rooms_of_every_policy_decide_the_cases_as_plain_conditions_do(
    policy: MimiPolicy, plain: Callable[[str, EventFacts], bool], permit: str, given: Given
) -> None:
    kind, facts = KIND_OF[permit], event_facts(**given)
    assert rules_of(policy).judge_beside(policy.permits[kind], facts).allowed is plain(kind, facts)
