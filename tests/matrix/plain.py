"""The authorisation rules of `m.room.member` read a second time, slowly: plain conditions on plain words.

Written from the text of the room versions, in the order of its rules, with the number of
the version where the text differs. It shares no code with the package but the record of
facts. The table has to agree with it in every cell of every version.
"""

from fsm.matrix.facts import MatrixFacts


def allows(version: int, membership: str, facts: MatrixFacts) -> bool:
    """Whether the rules of this version allow the event."""
    if membership == "join":
        return _join(version, facts)
    if membership == "invite":
        return _invite(facts)
    if membership == "leave":
        return _leave(version, facts)
    if membership == "ban":
        return _ban(facts)
    if membership == "knock" and version >= 7:
        return _knock(version, facts)
    # Otherwise, the membership is unknown.
    return False


def _join(version: int, facts: MatrixFacts) -> bool:  # noqa: PLR0911 - one for each rule
    # The only previous event is the creation, and the target is the creator: allow.
    if facts.warrant == "first_join":
        return True
    if not facts.is_self:
        return False
    if facts.sender == "ban":
        return False
    is_in = facts.sender in ("invite", "join")
    if facts.join_rule == "invite" or (version >= 7 and facts.join_rule == "knock"):
        return is_in
    if (version >= 8 and facts.join_rule == "restricted") or (version >= 10 and facts.join_rule == "knock_restricted"):
        if is_in:
            return True
        # Not authorised by a joined user who may invite: reject. Otherwise, allow.
        return facts.is_authorised
    # If public, allow. Otherwise, reject.
    return facts.join_rule == "public"


def _invite(facts: MatrixFacts) -> bool:
    if facts.warrant.startswith("third_party"):
        if facts.target == "ban":
            return False
        return facts.warrant == "third_party"
    if facts.sender != "join":
        return False
    if facts.target in ("join", "ban"):
        return False
    return facts.may_invite


def _leave(version: int, facts: MatrixFacts) -> bool:
    if facts.is_self:
        return facts.sender in ("invite", "join") or (version >= 7 and facts.sender == "knock")
    if facts.sender != "join":
        return False
    if facts.target == "ban" and not facts.may_ban:
        return False
    return facts.may_kick and facts.outranks_for_kick


def _ban(facts: MatrixFacts) -> bool:
    if facts.sender != "join":
        return False
    return facts.may_ban and facts.outranks_for_ban


def _knock(version: int, facts: MatrixFacts) -> bool:
    if facts.join_rule != "knock" and not (version >= 10 and facts.join_rule == "knock_restricted"):
        return False
    if not facts.is_self:
        return False
    return facts.sender not in ("ban", "invite", "join")
