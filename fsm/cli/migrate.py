"""`fsm migrate`: have the rooms of a store run by another policy."""

import json
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

import click

from fsm.cli.options import POLICY, json_option
from fsm.cli.terminal import safe
from fsm.errors import DefinitionError, counted, shorten
from fsm.policies import load_policy

if TYPE_CHECKING:
    from fsm.store import Migration


@click.command()
@click.argument("url", help="The store: `sqlite:///rooms.db`, `postgresql://user@host/database`.")
@click.option("--policy", required=True, metavar="POLICY", help=f"The policy that rooms are to have. {POLICY}")
@click.option("--room", "rooms", multiple=True, metavar="ID", help="Only this room, or these.")
@click.option("--from", "before", metavar="ID", help="Only rooms under the policy of this id.")
@click.option(
    "--state", "states", multiple=True, metavar="OLD=NEW", help="What becomes of a state that the policy does not have."
)
@click.option("--allow", multiple=True, metavar="POLICY", help=f"A policy of your own that rooms have. {POLICY}")
@click.option("--dry-run", is_flag=True, help="Store nothing: say what would become of each room.")
@json_option
def migrate(  # noqa: PLR0913 - one parameter for each option
    url: str,
    *,
    policy: str,
    rooms: tuple[str, ...],
    before: str | None,
    states: tuple[str, ...],
    allow: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> int:
    """Have the rooms of a store run by another policy.

    It is of their family. Who is where, what rooms are set to, and all that happened stay. Rooms for which that
    cannot be are left as they are, and named. Exit status 1 says that there are such rooms. With
    `--json`, one JSON value.
    """
    from fsm.store import Store  # noqa: PLC0415 - takes long to load, and needs an extra

    target = load_policy(policy)
    with Store(url, policies=[*map(load_policy, allow), target], must_exist=True) as store:
        for room in rooms:
            try:
                store.who(room)
            except KeyError:
                raise DefinitionError(f"there is no room `{shorten(room)}` in the store") from None
        done = store.migrate(
            target,
            lambda row: (not rooms or row.id in rooms) and before in (None, row.policy),
            dict(map(_pair, states)),
            dry_run=dry_run,
        )
    print(json.dumps(done.as_json()) if as_json else "\n".join(_lines(done)))
    return 0 if done else 1


def _pair(text: str) -> tuple[str, str]:
    old, sign, new = text.partition("=")
    if not (old and sign and new):
        raise DefinitionError(f"`--state` is OLD=NEW, not `{shorten(text)}`")
    return old, new


def _lines(done: "Migration") -> Iterator[str]:
    went = "would go" if done.dry_run else "went"
    yield f"{'dry run: ' if done.dry_run else ''}{counted(len(done.moved), 'room')} {went} over to {safe(done.policy)}"
    for room, users in done.moved.items():
        yield f"  {safe(room)}{_who(users)}"
        for user, (old, new) in users.items():
            yield f"    {safe(user)}  {safe(str(old))} → {safe(str(new))}"
    if done.refused:
        yield f"{counted(len(done.refused), 'room')} {_stay(done.refused)}"
    for room, reason in done.refused.items():
        yield f"  {safe(room)}  {safe(reason)}"


def _who(users: Collection[str]) -> str:
    return f"  {counted(len(users), 'user')} in another state" if users else ""


def _stay(rooms: Collection[str]) -> str:
    return "stays as it was" if len(rooms) == 1 else "stay as they were"
