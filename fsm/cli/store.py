"""`fsm store`: the rooms of a store, who is where, and the last changes."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from fsm.cli.options import POLICY, json_option
from fsm.cli.terminal import safe
from fsm.errors import DefinitionError, counted, shorten
from fsm.policies import load_policy

if TYPE_CHECKING:
    from fsm.store import Store


@click.command()
@click.argument("url", help="The store: `sqlite:///rooms.db`, `postgresql://user@host/database`.")
@click.option("--room", metavar="ID", help="Only this room: who is where, and its last changes.")
@click.option("--user", metavar="ID", help="Only the rooms of this user, with their state in each.")
@click.option(
    "--changes",
    "limit",
    type=click.IntRange(0, 10**6),
    default=10,
    show_default=True,
    help="So many of the last changes.",
)
@click.option("--allow", multiple=True, metavar="POLICY", help=f"A policy of your own that rooms have. {POLICY}")
@json_option
def store(  # noqa: PLR0913 - one parameter for each option
    url: str, *, room: str | None, user: str | None, limit: int, allow: tuple[str, ...], as_json: bool
) -> int:
    """Show the rooms of a store: who is where, and the last changes.

    Nothing is written. With `--json`, one JSON value.
    """
    from fsm.store import Store  # noqa: PLC0415 - takes long to load, and needs an extra

    if room is not None and user is not None:
        raise DefinitionError("`--room` and `--user` ask for different things: leave one out")
    with Store(url, policies=[load_policy(each) for each in allow], must_exist=True) as here:
        try:
            told = _of_user(here, user) if user is not None else _of_room(here, room, limit)
        except KeyError:
            raise DefinitionError(f"there is no room `{shorten(str(room))}` in the store") from None
    print(json.dumps(told) if as_json else "\n".join(_lines(told)))
    return 0


def _of_user(here: "Store", user: str) -> dict[str, Any]:
    return {"user": user, "rooms": {room: state.value for room, state in here.rooms_of(user).items()}}


def _of_room(here: "Store", room: str | None, limit: int) -> dict[str, Any]:
    changes = [
        {"cursor": list(cursor), **change.as_json()} for cursor, change in here.last_changes(limit, room_id=room)
    ]
    if room is not None:
        return {"room": room, "who": {user: state.value for user, state in here.who(room).items()}, "changes": changes}
    rooms, after = list[Any](), ""
    while some := here.rooms(after):
        rooms += [each._asdict() for each in some]
        after = some[-1].id
    return {"rooms": rooms, "changes": changes}


def _lines(told: dict[str, Any]) -> list[str]:
    if "user" in told:
        states = told["rooms"].items()
        head = f"{safe(told['user'])} is in {counted(len(states), 'room')}"
        return [head, *(f"  {safe(room)}  {safe(str(state))}" for room, state in states)]
    if "room" in told:
        where = ", ".join(f"{count} {safe(str(state))}" for state, count in Counter(told["who"].values()).items())
        lines = [f"{safe(told['room'])}  {where or 'nobody'}"]
        lines += [f"  {safe(user)}  {safe(str(state))}" for user, state in told["who"].items()]
    else:
        lines = [counted(len(told["rooms"]), "room")]
        lines += [
            f"  {safe(each['id'])}  {safe(each['policy'])}  revision {each['revision']:,}"
            f"  {counted(each['participants'], 'participant')}"
            for each in told["rooms"]
        ]
    return [*lines, "last changes" if told["changes"] else "no changes", *map(_line, told["changes"])]


def _line(change: dict[str, Any]) -> str:
    whom = "" if change["target"] in {None, change["sender"]} else f" {safe(change['target'])}"
    move = "" if change["target"] is None else f"  {change['before']} → {change['after']}"
    what = change["transition"] or ("taken" if change["outcome"] == "taken" else change["type"])
    return (
        f"  {safe(change['room'])} #{change['revision']}  {safe(change['sender'] or 'erased')} {safe(what)}{whom}{move}"
    )
