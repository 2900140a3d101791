"""The staff of a journal: ranks are numbers, and a ballot says to which rank somebody goes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fsm import (
    EVENT,
    PAIR,
    ROOM,
    SENDER,
    TARGET,
    Asked,
    Decision,
    Display,
    Domain,
    Family,
    Opening,
    PairFacts,
    Policy,
    Scenario,
    State,
    Step,
    Syntax,
    SyntaxRoom,
    Tone,
    Transition,
    about,
    guard,
    law,
    room_law,
)  # fmt: skip


class Act(StrEnum):
    """What can be done to somebody."""

    APPLY = "apply"
    PLACE = "place"
    RESIGN = "resign"


OUTSIDER, APPLICANT, REVIEWER, EDITOR, BARRED = RANKS = (
    State(0, "outsider"), State(1, "applicant"), State(2, "reviewer"), State(3, "editor"), State(9, "barred"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFacts(PairFacts[State]):
    """What is known of a change."""

    sender: State = about(SENDER, plain=REVIEWER)
    target: State = about(TARGET, plain=APPLICANT)
    wanted: State = about(EVENT, plain=REVIEWER)
    has_vote: bool = about(SENDER, plain=False)
    same_institute: bool = about(PAIR, plain=False)
    is_urgent: bool = about(EVENT, plain=False)
    is_open: bool = about(ROOM, plain=True)


@guard("the sender is the applicant", fails="the sender is another user")
def sender_is_target(facts: JournalFacts) -> bool:
    """By-laws 1."""
    return facts.is_self


@guard("the sender is another user", fails="the sender is the target")
def sender_is_another(facts: JournalFacts) -> bool:
    """By-laws 2."""
    return not facts.is_self


@guard("the journal takes applications", fails="the journal takes no applications")
def journal_is_open(facts: JournalFacts) -> bool:
    """By-laws 1."""
    return facts.is_open


@guard("the sender is an editor with a vote", fails="the sender is no editor with a vote")
def sender_votes(facts: JournalFacts) -> bool:
    """By-laws 2."""
    return facts.sender == EDITOR and facts.has_vote


@guard(
    "the two are of different institutes, or it is urgent", fails="the two are of one institute, and it is not urgent"
)
def no_conflict(facts: JournalFacts) -> bool:
    """By-laws 3."""
    return facts.is_urgent or not facts.same_institute


STAFF = {APPLICANT, REVIEWER, EDITOR}
ROWS = (
    Transition("apply", Act.APPLY, {OUTSIDER}, APPLICANT, (sender_is_target, journal_is_open), "1"),
    Transition(
        "promote",
        Act.PLACE,
        {APPLICANT, REVIEWER},
        Asked("wanted", {REVIEWER, EDITOR}),
        (sender_is_another, sender_votes, no_conflict),
        "2",
    ),
    Transition(
        "dismiss", Act.PLACE, STAFF, Asked("wanted", {OUTSIDER, BARRED}), (sender_is_another, sender_votes), "3"
    ),
    Transition("pardon", Act.PLACE, {BARRED}, Asked("wanted", {OUTSIDER}), (sender_is_another, sender_votes), "4"),
    Transition("resign", Act.RESIGN, STAFF, OUTSIDER, (sender_is_target,), "5"),
)

JOURNAL = Policy(
    "journal", "Staff of a journal", "the by-laws",
    Domain(JournalFacts, dict.fromkeys(("sender", "target", "wanted"), RANKS)), ROWS,
    family=f"{__name__}:FAMILY", action_key="act", initial=OUTSIDER,
    carries={act: {"wanted": (OUTSIDER,), "is_urgent": (False,)} for act in (Act.APPLY, Act.RESIGN)},
    displays={OUTSIDER: Display(tone=Tone.OUTSIDE), BARRED: Display(tone=Tone.BARRED), EDITOR: Display(tone=Tone.MEMBER)},
)  # fmt: skip


class Desk(SyntaxRoom):
    """One journal."""

    __slots__ = ()
    syntax = Syntax(
        title="Journal",
        changes=("journal.ballot",),
        action="content.do.act",
        target="content.do.whom",
        destination="content.do.rank",
        facts={"is_urgent": "content.urgent"},
        reason="content.why",
        creation="journal.found",
    )
    creator_state = EDITOR

    def facts_between(self, sender: str, target: str) -> dict[str, Any]:
        """Votes and institutes are settings."""
        where = [self.settings.get(("journal.institute", user), {}).get("name") for user in (sender, target)]
        return {
            "has_vote": self.settings.get(("journal.vote", sender), {}).get("vote") is not False,
            "same_institute": sender != target and where[0] is not None and where[0] == where[1],
            "is_open": self.settings.get(("journal.doors", ""), {}).get("open") is not False,
        }

    def refusal(self, event: Any) -> str:
        """Editors set everything."""
        return "" if self.participation(event.sender) == EDITOR else "the sender is no editor"


def _set(kind: str, key: str = "", **content: Any) -> dict[str, Any]:
    return {"type": kind, "sender": "ada", "state_key": key, "content": content}


BEGUN = (_set("journal.found"),)


@law("Who is barred comes back by a vote", clause="4")
def barred_come_back_by_vote(_: str, facts: JournalFacts, decision: Decision) -> bool:
    """By-laws 4."""
    return facts.target != BARRED or not decision or decision.after == BARRED or facts.sender == EDITOR


@room_law("There is an editor from the start", source="5")
def an_editor_remains(step: Step) -> bool:
    """The founder, or another."""
    return EDITOR in step.after.states.values() or EDITOR not in step.before.states.values()


FAMILY = Family(
    id="journal",
    policies=(JOURNAL,),
    room=Desk,
    syntax=Desk.syntax,
    scenario=Scenario(
        users={"ada": "Ada", "bo": "Bo", "cy": "Cy"},
        strangers=("dee", "eve"),
        openings={"Ada has founded it": Opening(BEGUN, {"ada": "founder"})},
        settings={"closed": _set("journal.doors", open=False), "open": _set("journal.doors", open=True)},
        assignments=tuple((_set("journal.vote", user, vote=False),) for user in ("ada", "bo"))
        + tuple(
            (_set("journal.institute", a, name="x"), _set("journal.institute", b, name="x"))
            for a, b in (("ada", "bo"), ("bo", "cy"))
        ),
    ),
    laws=(
        barred_come_back_by_vote,
        an_editor_remains,
    ),
    words={"place": "put in a rank", "has_vote": "has a vote in ballots"},
)
