"""What columnar replay asks of a family whose rooms need not be asked for each event."""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, Protocol

from fsm.decision import Decision


class AnyColumnRoom(Protocol):
    """A room whose participation is kept in columns, outside of it."""

    @property
    def rule(self) -> int:
        """What its settings add to the code of every change; below 0 when it has to be asked itself."""

    @property
    def others(self) -> tuple[int, ...]:
        """The powers of everybody who has none of their own."""

    def judge(self, event: Callable[[], Any], fields: Mapping[str, Any] | None = None) -> Decision:
        """Decide, and apply the event when it is allowed.

        `event` reads it; `fields`, if at hand, are its fields as a history holds them, the content as text.
        Its sender, room and id have then been found sound.
        """

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Find what is wrong with a message that nobody judged. Raises `EventError`."""

    def new_powers(self) -> Mapping[str, tuple[int, ...] | None]:
        """The powers that have changed since this was last asked, by user; None for who has none of their own now.

        Powers are what somebody adds to the code as a sender, and the ranks to compare.
        """


class AnyColumns(Protocol):
    """A family's events and settings as columnar replay needs them (see `fsm.mimi.columns`).

    The code of a change, by which its decision is looked up, is the sum of the
    weights of its facts: what the room's `rule` and the sender's powers add,
    `is_self` for a change of oneself, and each of `ranks` where the sender's
    power at that place is above the target's.
    """

    @property
    def types(self) -> frozenset[str]:
        """The event types of participation."""

    @property
    def initial(self) -> Any:
        """Where somebody stands of whom nothing is known."""

    @property
    def is_self(self) -> int:
        """The weight of a change of oneself."""

    @property
    def ranks(self) -> tuple[int, ...]:
        """The weights of outranking the target, in the order of the powers."""

    @property
    def past_words(self) -> tuple[bytes, ...]:
        """One of these stands in the text of every event that `looks_back`."""

    @property
    def is_user(self) -> Callable[[str], bool] | None:
        """Whether a text can be the id of a user; None where any can."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The words for what rooms can be set to when they begin, such as who may come in."""

    @property
    def habits(self) -> Mapping[str, tuple[float, float]]:
        """By action: how often people do it of themselves, and to others, where they may."""

    @property
    def entry(self) -> tuple[str, str]:
        """By which actions moderators come in: of the creator, and of their own."""

    @property
    def acts(self) -> Any:
        """Where moderators are when they act."""

    def room(self, room_id: str | None, states: MutableMapping[str, Any]) -> AnyColumnRoom:
        """A room that nobody has created yet, and that keeps participation in `states`."""

    def read(self, event: Mapping[str, Any]) -> tuple[str, str, str] | None:
        """Sender, target and action of a change that takes no more than a look-up, None for other events."""

    def write(
        self, sender: str | None, target: str | None, action: str, destination: str | None = None
    ) -> dict[str, Any]:
        """The event that asks for a change; `destination` says where it leads, if that is for the event to say."""

    def looks_back(self, event: Mapping[str, Any]) -> bool:
        """Whether the decision depends on single events of the past, so that a room has to remember them."""

    def says_more(self, event: Mapping[str, Any]) -> bool:
        """Whether a change says more than takes a look-up that tells it from other events of its id."""

    def opening(self, creator: str, moderators: Iterable[str], rule: str) -> list[dict[str, Any]]:
        """The events with which a room begins."""

    def appoint(self, creator: str, moderators: Iterable[str]) -> dict[str, Any]:
        """The event by which a room's moderators become these."""

    def change_rule(self, creator: str, rule: str) -> dict[str, Any]:
        """The event that sets a room to one of the `rules`."""
