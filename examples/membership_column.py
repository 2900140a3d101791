"""Participation as a column: the host's own table holds who stands where, and the policy decides.

There is no room object. A row of `Membership` is a model (`fsm.model.Model`): it holds a
state, and `policy.move` reads and sets it. The host works out the facts that the policy
looks at. A version column keeps two processes from changing one row at once.
"""

from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from fsm import MIMI, Decision

ANN, BOB, EVE = "@ann:a.example", "@bob:b.example", "@eve:c.example"


class Base(DeclarativeBase):
    """The host's tables."""


class Room(Base):
    """A room, and what the host lets its members do."""

    __tablename__ = "rooms"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    join_rule: Mapped[str] = mapped_column(default="invite")
    members: Mapped[list["Membership"]] = relationship(back_populates="room")


class Membership(Base):
    """Where a user stands in a room."""

    __tablename__ = "memberships"

    room_id: Mapped[str] = mapped_column(ForeignKey("rooms.id"), primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="leave")
    version: Mapped[int] = mapped_column()
    room: Mapped[Room] = relationship(back_populates="members")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as the library reads it


def membership(session: Session, room: Room, user: str) -> Membership:
    """The row of a user, new if there is none."""
    row = session.get(Membership, (room.id, user))
    if row is None:
        row = Membership(room=room, user=user, state="leave")
        session.add(row)
    return row


def change(session: Session, room: Room, action: str, sender: str, target: str) -> Decision:
    """Let `sender` do `action` to `target`, if the policy allows it."""
    is_owner = sender == room.owner
    facts = {
        "sender": membership(session, room, sender).state,
        "is_self": sender == target,
        "join_rule": room.join_rule,
        "may_invite": is_owner,
        "may_kick": is_owner,
        "may_ban": is_owner,
        "outranks_for_kick": is_owner and target != room.owner,
        "outranks_for_ban": is_owner and target != room.owner,
    }
    decision = MIMI.move(membership(session, room, target), action, facts)
    session.flush()
    return decision


def main() -> None:
    """A short day in one room."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        room = Room(id="!tea:a.example", owner=ANN)
        session.add_all([room, Membership(room=room, user=ANN, state="join")])
        for action, sender, target in (
            ("join", BOB, BOB),
            ("invite", ANN, BOB),
            ("join", BOB, BOB),
            ("leave", BOB, ANN),
            ("ban", ANN, EVE),
            ("join", EVE, EVE),
        ):
            decision = change(session, room, action, sender, target)
            print(f"{sender} {action} {target}: {decision.transition or decision.reason}")

    # Whom the owner may kick is a condition in SQL: nobody is loaded.
    of_owner = {"sender": "join", "may_kick": True, "outranks_for_kick": True, "may_ban": False}
    may_kick = MIMI.residual("leave", is_self=False, **of_owner)
    with Session(engine) as session:
        columns = {"target": Membership.state}
        query = select(Membership.user).where(may_kick.sql(columns), Membership.user != ANN)
        print("to be kicked:", *session.scalars(query))


if __name__ == "__main__":
    main()
