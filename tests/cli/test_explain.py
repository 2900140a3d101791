"""`fsm explain` and `fsm policies`."""

import json

import pytest

from fsm.policies import CATALOGUE, load_policy
from tests.cli.conftest import Inside
from tests.cli.runner import fsm


def test_a_case_in_words() -> None:
    run = fsm("explain", "mimi", "leave", "--target", "ban", "--sender", "join", "--outranks-for-ban")
    assert run.status == 1
    assert [line.split() for line in run.out.splitlines()] == [
        "mimi: `leave`, the target in `ban`, the sender in `join`".split(),
        "rejected — unban: the sender may not ban".split(),
        [],
        "unban: ban → leave, by another user (section 5.6.2)".split(),
        "yes the sender is joined sender_is_joined".split(),
        "no the sender may not ban sender_may_ban".split(),
        "yes the sender outranks the target for banning sender_outranks_for_ban".split(),
        [],
        'sender_may_ban — MIMI draft, "Ban Conditions": “Have permission to ban users.”'.split(),
        "https://www.ietf.org/archive/id/draft-ralston-mimi-policy-01.html#name-ban-conditions".split(),
        [],
        'sender_may_ban — MIMI draft, "Kicks": “If the target user is in the banned'.split(),
        "state, the sender requires permission to ban users instead (as to ban means to".split(),
        "unban as well).”".split(),
        "https://www.ietf.org/archive/id/draft-ralston-mimi-policy-01.html#name-kicks".split(),
    ]


def test_a_case_without_a_row(inside: Inside) -> None:
    run = inside("explain", "mimi", "join", "--target", "ban", "--self")
    assert run.status == 1
    assert run.out.splitlines()[1:] == [
        "rejected — no transition: `join` is not possible while the target is in `ban`",
        "possible from `invite`: accept",
        "possible from `leave`, `knock`: join",
        "possible from `join`: rejoin",
    ]


def test_a_case_with_rows_for_others_only(inside: Inside) -> None:
    run = inside("explain", "mimi-01", "leave", "--target", "invite", "--may-kick", "--outranks-for-kick")
    assert run.status == 1
    assert run.out.splitlines()[1:6] == [
        "rejected — no transition: `leave` is not possible while the target is in `invite`, except by the target itself",
        "possible from `join`: kick",
        "possible from `ban`: unban",
        "",
        "decline: invite → leave, by the target itself (section 5.6.1)",
    ]


def test_a_case_as_json(inside: Inside) -> None:
    run = inside("explain", "mimi", "join", "--self", "--given", "join_rule=public", "--json")
    assert run.status == 0
    assert json.loads(run.out) == {
        "allowed": True, "transition": "join", "before": "leave", "after": "join", "policy": "mimi", "refusals": [],
    }  # fmt: skip


def test_facts_of_any_policy_are_options(inside: Inside) -> None:
    journal = ("explain", "tests/journal.py:JOURNAL", "place", "--target", "reviewer", "--sender", "editor")
    options = inside(*journal, "--wanted=outsider", "--has-vote", "--is-urgent=false")
    assert (options.status, options.out) == (0, inside(*journal, "--given", "wanted=0", "--given", "has_vote=true").out)
    assert inside("explain", "matrix-12", "levels", "--sender", "leave", "--has-levels").status == 1


@pytest.mark.parametrize("policy", ["mimi", "mimi-01", "matrix-1", "matrix-11", "matrix-12"])
def test_events_of_every_other_kind(inside: Inside, policy: str) -> None:
    """What every rule of the kind asks is listed; as things stand by default, one of them permits."""
    for kind, rules in load_policy(policy).rules_beside.items():
        defaults = ("--given", "is_created=false") if (policy[:4], kind) == ("mimi", "create") else ()
        run = inside("explain", policy, kind, *defaults)
        lines = run.out.splitlines()
        assert (run.status, lines[0]) == (0, f"{policy}: `{kind}` event, the sender in `join`")
        heads = [line for line in lines[2:] if line and not line.startswith(" ")]
        assert heads == [f"{rule.id} (section {rule.clause})" for rule in rules]
        assert [line.split()[-1] for line in lines[2:] if line.startswith(" ")] == [
            guard.name for rule in rules for guard in rule.guards
        ]


def test_an_event_that_is_refused(inside: Inside) -> None:
    run = inside("explain", "matrix-12", "levels", "--sender", "leave", "--given", "has_levels=true", "--json")
    assert run.status == 1
    told = json.loads(run.out)
    assert (told["allowed"], told["transition"], told["reason"]) == (False, None, "levels: the sender is not joined")
    assert told["refusals"] == [
        {"transition": "first_levels", "failed": ["sender_is_joined", "levels_are_first"], "clause": "6, 10.5"},
        {"transition": "levels", "failed": ["sender_is_joined"], "clause": "6"},
    ]
    words = inside("explain", "matrix-12", "message", "--sender", "leave").out.splitlines()
    assert words[1] == "rejected — message: the sender is not joined"
    assert [line.split()[0] for line in words if line.endswith(" sender_is_joined")] == ["no"]


# fmt: off
UNUSABLE = [
    (("mimi", "dance"),                                  "unknown action `dance`: choose from invite, join, knock, leave, ban, create, role, "),
    (("matrix-11", "message", "--target", "join"),       "unknown fact `target`: the facts are sender, "),
    (("matrix-11", "aliases"),                           "unknown action `aliases`: choose from "),
    (("mimi", "join", "--target", "limbo"),              "`limbo` is no value of `target`: choose from invite, join, leave, ban, knock"),
    (("mimi", "join", "--join-rule", "private"),         "`private` is no value of `join_rule`: choose from invite, knock, public"),
    (("mimi", "join", "--given", "colour=red"),          "unknown fact `colour`: the facts are "),
    (("mimi", "join", "--given", "may_kick"),            "`may_kick` is not of the form FACT=VALUE"),
    (("mimi", "join", "--self", "--sender", "join"),     "the sender is the target: `sender` and `target` must be the same state"),
    (("mimi", "join", "--join-rule"),                    "option `--join-rule` needs a value"),
    (("mimi", "join", "--join-rule", "public", "--given", "join_rule=public"), "the fact `join_rule` is given twice"),
    (("mimi", "join", "--colour"),                       "no such option `--colour`: the facts are --sender, --target, "),
    (("mimi", "join", "public"),                         "no such option `public`: the facts are "),
    (("mimi", "message", "--may-ban"),                   "no such option `--may-ban`: the facts are --sender, "),
    (("--may-ban", "mimi", "ban"),                       "`--may-ban` is no policy: facts, as options, follow the action"),
    (("nobody", "join"),                                 "unknown policy `nobody`"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_unusable_cases(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("explain", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")


def test_every_policy_is_listed(inside: Inside) -> None:
    run = inside("policies", "--json")
    assert [policy["id"] for policy in json.loads(run.out)] == list(CATALOGUE)
    table = inside("policies").out
    assert all(policy in table for policy in CATALOGUE)
