"""A hub, three providers and two clients: one conversation, and what each side stops.

Messages are encrypted, so the hub cannot read them. It rejects what it can judge; the
rest is for the clients, who judge a message once they have decrypted it.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from fsm import Room
from fsm.mimi.enforcement import Client, Hub, Rendering
from fsm.mimi.envelope import Envelope
from fsm.strict_json import read_json

Event = Mapping[str, Any]

ANN, BOB, EVE = "@ann:a.example", "@bob:b.example", "@eve:c.example"

ENVELOPE = {
    "policy": "mimi",
    "roles": {"host": {"invite": True, "kick": True, "ban": True}, "guest": {"events": {"m.poll": False}}},
    "assignments": [
        {"role_id": "host", "order": 2, "user_ids": [ANN]},
        {"role_id": "guest", "order": 1, "user_ids": [BOB]},
    ],
}


def move(sender: str, action: str, target: str) -> Event:
    return {"type": "m.room.user", "sender": sender, "state_key": target, "content": {"participation": action}}


def encrypted(sender: str, kind: str, body: str) -> Event:
    # Base64 stands in for MLS. It is a toy: it keeps nothing from anybody who looks.
    inside = json.dumps({"type": kind, "content": {"body": body}}).encode()
    return {"type": "m.room.encrypted", "sender": sender, "content": {"ciphertext": b64encode(inside).decode()}}


def decrypt(event: Event) -> object:
    return read_json(b64decode(event["content"]["ciphertext"]))


CONVERSATION = [
    ("Ann invites Bob", move(ANN, "invite", BOB)),
    ("Bob accepts", move(BOB, "join", BOB)),
    ("Ann writes", encrypted(ANN, "m.message", "Tea at four?")),
    ("Bob writes", encrypted(BOB, "m.message", "With pleasure.")),
    ("Bob starts a poll, which guests may not", encrypted(BOB, "m.poll", "Cake or scones?")),
    ("Bob kicks Ann", move(BOB, "leave", ANN)),
    ("Somebody bans Bob in Ann's name", {**move(ANN, "ban", BOB), "forged": True}),
    ("Eve writes from outside", encrypted(EVE, "m.message", "Me too!")),
    ("Ann invites Eve", move(ANN, "invite", EVE)),
    ("Ann bans Bob", move(ANN, "ban", BOB)),
    ("Bob writes once more", encrypted(BOB, "m.message", "Why?")),
    ("Ann writes to herself", encrypted(ANN, "m.message", "He never liked scones.")),
]


def provider_of(user: str) -> str:
    return user.partition(":")[2]


def told(rendering: Rendering) -> str:
    content = rendering.event["content"]
    what = content.get("body") or content["participation"]
    return f"shows “{what}”" if rendering else f"hides “{what}” ({rendering.decision.reason})"


def main() -> None:
    room = Room.create("!tea:a.example", ANN, envelope=Envelope.from_json(ENVELOPE))
    hub = Hub(room, provider_of=provider_of, is_authentic=lambda event: "forged" not in event)
    # Each client keeps a room of its own, which starts as the hub's.
    clients = [Client(Room.restore(room.snapshot()), user, decrypt) for user in (ANN, BOB)]

    for number, (title, event) in enumerate(CONVERSATION, start=1):
        delivery = hub.receive({**event, "event_id": f"${number}"})
        fate = f"→ {', '.join(delivery.providers)}" if delivery else f"({delivery.decision.reason})"
        print(f"{number:>2}. {title}\n    hub: {delivery.verdict} {fate}")
        for client in clients:
            for arrived in hub.drain(provider_of(client.user)):
                print(f"    {client.user}: {told(client.receive(arrived))}")

    print(f"\nstill waiting for c.example: {[event['event_id'] for event in hub.drain('c.example')]}")


if __name__ == "__main__":
    main()
