"""The pages of the example roles: run this file to write them anew beside the role sets, with their pictures."""

import json
from pathlib import Path

from fsm.render.ladder_sheet import to_ladders
from fsm.render.ladders import ladders_between, ladders_of
from fsm.render.words.markdown import escaped
from fsm.render.words.reach import tables_of
from fsm.room_policy.lint.repair import faults, preview
from fsm.room_policy.policies import RolePolicy, policy_of_data

FOLDER = Path(__file__).parent
NAMES = ("cooperative", "strict", "moderated", "organizations")


def shipped(name: str) -> RolePolicy:
    """The policy of a role set of this folder."""
    policy = policy_of_data(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8")), name)
    assert policy is not None
    return policy


def page(name: str) -> str:
    """A role set as printed: its picture, its tables and findings; then repaired, and what the repair changes."""
    printed, repaired = shipped(name), shipped(f"{name}-repaired")
    found = preview(printed, repaired)
    changes = [*found.appear, *found.go, *found.bounds, *found.gained, *found.lost]
    return "\n".join([
        f"# {escaped(printed.title)}",
        "",
        f"[`{name}.json`]({name}.json), from draft-ietf-mimi-room-policy. [All examples](README.md).",
        "",
        f"![Who may do what to whom in {name}]({name}.svg)",
        "",
        *tables_of(ladders_of(printed)),
        "",
        "## Findings",
        "",
        *findings(printed),
        "",
        "## Repaired",
        "",
        f"[`{name}-repaired.json`]({name}-repaired.json) has these left:",
        "",
        *findings(repaired),
        "",
        f"![Who may do what to whom in {name}, repaired]({name}-repaired.svg)",
        "",
        "What the repair changes:",
        "",
        f"![What the repair of {name} changes]({name}-changes.svg)",
        "",
        *(f"- {escaped(change)}" for change in changes),
        "",
    ])  # fmt: skip


def findings(policy: RolePolicy) -> list[str]:
    """A line for each fault, the most serious first."""
    return [f"- {law.severity}: {escaped(fault.subject)} (`{law.id}`)" for law, fault in faults(policy)] or ["- none"]


def pictures(name: str) -> dict[str, bytes]:
    """By the name of its file: a role set as printed, repaired, and what the repair changes."""
    printed, repaired = shipped(name), shipped(f"{name}-repaired")
    changes = ladders_between(printed, repaired, preview(printed, repaired).beside)
    return {
        f"{name}.svg": to_ladders(ladders_of(printed)),
        f"{name}-repaired.svg": to_ladders(ladders_of(repaired)),
        f"{name}-changes.svg": to_ladders(changes),
    }


if __name__ == "__main__":
    for each in NAMES:
        (FOLDER / f"{each}.md").write_text(page(each), encoding="utf-8")
        for file, picture in pictures(each).items():
            (FOLDER / file).write_bytes(picture)
