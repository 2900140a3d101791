"""Which tests are about which files, and which changes make no difference to anybody."""

MIMI = "tests/test_fingerprint.py tests/mimi/test_policies.py tests/mimi/test_revisions.py tests/mimi/test_guards.py".split()
MATRIX = "tests/test_fingerprint.py tests/matrix/test_policies.py tests/matrix/test_guards.py".split()
CORE = "tests/test_decision.py tests/test_machine.py tests/test_participant.py".split()
ROLES = [f"tests/room_policy/test_{about}.py" for about in ("room", "answers", "cells")]
ROLE_ROOMS = [
    *ROLES,
    "tests/room_policy/test_scenario.py",
    "tests/room_policy/test_histories.py",
    "tests/room_policy/test_files.py",
    "tests/test_changes.py",
    "tests/test_observers.py",
    "tests/test_awaited.py",
    "tests/test_at_once.py",
    "tests/test_snapshots.py",
    "tests/test_own_facts.py",
    "tests/test_room_arguments.py",
    "tests/test_half_pairs.py",
    "tests/test_asked.py",
]
IDS = "tests/test_event_ids.py tests/mimi/test_history.py tests/matrix/test_event_ids.py".split()
ROOMS = [
    "tests/test_asked.py",
    *IDS,
    *CORE,
    "tests/mimi/test_room.py",
    "tests/matrix/test_room.py",
    "tests/test_own_facts.py",
    "tests/test_changes.py",
    "tests/test_observers.py",
    "tests/test_awaited.py",
    "tests/test_at_once.py",
    "tests/test_snapshots.py",
    "tests/test_creation.py",
    "tests/mimi/test_quick.py",
    "tests/matrix/test_quick.py",
]
ROLES_OF_MIMI = [
    "tests/mimi/test_roles.py",
    "tests/mimi/test_role_changes.py",
    "tests/mimi/test_permits.py",
    "tests/mimi/test_revisions.py",
    "tests/mimi/test_room.py",
    "tests/mimi/test_envelope.py",
    "tests/mimi/test_envelope_faults.py",
    "tests/test_linear_work.py",
]
MATRIX_ROOMS = [
    "tests/matrix/test_room.py",
    "tests/matrix/test_levels.py",
    "tests/matrix/test_third_party.py",
    "tests/matrix/test_event_ids.py",
    "tests/test_event_ids.py",
    "tests/matrix/test_recorded.py",
    "tests/matrix/test_malformed.py",
    "tests/matrix/test_quick.py",
    "tests/test_creation.py",
]

# By file: the tests that are about it, those that notice most for their time first.
TESTS: dict[str, list[str]] = {
    "fsm/guards.py": ["tests/test_guards.py", "tests/test_policy.py", *CORE],
    "fsm/rule.py": ["tests/test_rule.py", "tests/mimi/test_permits.py", "tests/mimi/test_history.py"],
    "fsm/kinds.py": ["tests/test_kinds.py", "tests/test_decision.py", "tests/matrix/test_policies.py"],
    "fsm/decision.py": [*CORE, *MIMI, "tests/mimi/test_permits.py", "tests/test_kinds.py",
                        "tests/matrix/test_policies.py"],
    "fsm/machine.py": [*CORE, "tests/test_asked.py", "tests/test_residual.py", "tests/mimi/test_room.py", *MIMI],
    "fsm/memory.py": [*CORE, "tests/mimi/test_room.py"],
    "fsm/participant.py": CORE,
    "fsm/past.py": [*IDS, "tests/mimi/test_room.py", "tests/mimi/test_snapshot.py"],
    **{f"fsm/room/{name}.py": ROOMS for name in (
        "contract", "users", "event_ids", "judging", "observing", "sending", "saving")},
    "fsm/room/given_state.py": ["tests/test_given_state.py", *ROOMS],
    "fsm/participation/guards.py": ["tests/test_guards.py", *MIMI, *MATRIX],
    "fsm/mimi/policies.py": [*MIMI, "tests/mimi/test_permits.py", "tests/mimi/test_role_changes.py",
                             "tests/mimi/test_history.py", "tests/test_own_facts.py"],
    "fsm/mimi/revisions.py": MIMI,
    "fsm/mimi/permits.py": ["tests/mimi/test_permits.py", *MIMI, "tests/mimi/test_role_changes.py"],
    **{f"fsm/mimi/{name}.py": ROLES_OF_MIMI for name in ("permissions", "roles", "role_changes")},
    "fsm/mimi/visibility.py": ["tests/mimi/test_history.py", "tests/mimi/test_guards.py", "tests/mimi/test_room.py"],
    **{f"fsm/mimi/{name}.py": ["tests/mimi/test_room.py", "tests/mimi/test_history.py", "tests/mimi/test_permits.py",
                               *CORE, "tests/test_event_ids.py", "tests/mimi/test_settings.py",
                               "tests/mimi/test_roles.py", "tests/mimi/test_malformed.py",
                               "tests/mimi/test_envelope_rooms.py", "tests/mimi/test_quick.py",
                               "tests/test_given_state.py", "tests/test_creation.py"] for name in ("room", "judging")},
    "fsm/matrix/guards.py": MATRIX,
    "fsm/matrix/policies.py": ["tests/review/test_event_vectors.py", *MATRIX, "tests/matrix/test_authorisation.py",
                               "tests/review/test_beside.py", "tests/matrix/test_room.py", "tests/test_own_facts.py"],
    "fsm/matrix/levels.py": ["tests/matrix/test_levels.py", "tests/matrix/test_room.py"],
    **{f"fsm/matrix/{name}.py": ["tests/test_fingerprint.py", "tests/matrix/test_guards.py", "tests/review/test_event_vectors.py",
                              "tests/matrix/test_authorisation.py", "tests/matrix/test_room.py"] for name in ("permits", "level_permits", "rows")},
    "fsm/matrix/citing.py": ["tests/cli/test_matrix.py", "tests/matrix/test_authorisation.py"],
    "fsm/matrix/altering.py": ["tests/matrix/test_authorisation.py", "tests/matrix/test_levels.py",
                               "tests/cli/test_matrix.py"],
    **{f"fsm/matrix/{name}.py": MATRIX_ROOMS for name in ("room", "judging", "membership", "quick")},
    "fsm/room_policy/guards.py": ["tests/test_fingerprint.py", "tests/room_policy/test_citations.py", "tests/room_policy/test_guards.py", *ROLES],
    "fsm/room_policy/policies.py": ["tests/test_fingerprint.py", *ROLES, "tests/room_policy/test_policies.py", "tests/room_policy/test_files.py"],
    **{f"fsm/room_policy/{name}.py": [*ROLES, "tests/room_policy/test_histories.py"]
       for name in ("rules", "contents", "facts_of_events")},
    **{f"fsm/room_policy/{name}.py": ROLE_ROOMS for name in ("judging", "commits", "room")},
}  # fmt: skip


# By file: changes by which nothing is answered differently, and why.
_SLOTS = "only memory is saved"
_NO_RULE = "no rule has that number"
_OF_ANOTHER = "a rule reads nothing that only another event says"
_THREADS = "other threads would notice, and no test waits for them here"
_ORDER = "nobody asks in which order these stand"
_LIBRARY = "the base class does nothing there"

EQUIVALENT: dict[str, dict[str, str]] = {
    "fsm/past.py": {
        "__hash__ = None → pass": "Python itself takes the hash away from a class that says what is equal",
        "2 → 3": "how many words rooms share, before they begin anew",
        "16 → 17": "how many words rooms share, before they begin anew",
    },
    "fsm/machine.py": {
        "_BEGINNING → __import__('contextlib').nullcontext()": _THREADS,
        "0 → -1": "one row fires at most: it is the first and the last",
        "1 → 0": "one row fires at most: it is the first and the last",
        "isinstance(row.dest, Asked) → True": "the library is told some state: the transition itself finds the one to go to",
        "state not in self._begun → True": "whether a state has begun is asked again: not to begin only saves time",
        "isinstance(row.dest, Asked) and row.dest.among is not None → True":
            "a row that leads to one state says so itself: not to ask it only saves time",
        "isinstance(row.dest, Asked) and row.dest.among is not None → (isinstance(row.dest, Asked))":
            "a row that leads wherever the event asks says so itself: not to ask it only saves time",
    },
    "fsm/memory.py": {"super().__init__() → pass": _LIBRARY, "super().__init__() → (super())": _LIBRARY},
    "fsm/participant.py": {
        "super().__init__(name, bases, namespace, **more) → pass": _LIBRARY,
        "2 → 3": "how many changes a class remembers the hooks of",
        "12 → 13": "how many changes a class remembers the hooks of",
    },
    "fsm/mimi/role_changes.py": {
        "old is not new and old != new → (old != new)": "what is the same is equal: to look at that first saves time",
        "was is not becomes → True": "who stays where they are gains nothing, which takes time to see",
    },
    "fsm/mimi/judging.py": {
        "self._views is None or past is None or self._views.past is not past or self._views.start != past.start → True":
            "what has been seen may be worked out anew",
        **dict.fromkeys((
            ("self._views is None or past is None or self._views.past is not past or self._views.start != past.start → "
            "(self._views is None or self._views.past is not past or self._views.start != past.start)"),
            ("self._views is None or past is None or self._views.past is not past or self._views.start != past.start → "
            "(self._views is None or past is None or self._views.past is not past)"),
        ), "what has been seen of events that are forgotten stays true, and only takes memory"),
        "event.said or said_by(event, types) → (said_by(event, types))": "it is read again: only time is lost",
    },
    "fsm/mimi/roles.py": {
        "(self.shape, self.users) → (self.users, )": "values that differ may have the same hash",
        "(self.shape, self.users) → (self.shape, )": "values that differ may have the same hash",
    },
    "fsm/matrix/policies.py": {
        "5 → 4": _NO_RULE,
        "12 → 13": _NO_RULE,
        "tuple(row for rows in self.permits.values() for row in rows) → "
        "((row for rows in self.permits.values() for row in rows))": "whoever asks goes through them once",
        "11 → 12": _NO_RULE,
        "1 → 0": _NO_RULE,
        "9 → 10": _NO_RULE,
        "(LEAVE, BAN, KNOCK) → (BAN, LEAVE, KNOCK, )": _ORDER,
        "(LEAVE, BAN, KNOCK) → (LEAVE, KNOCK, BAN, )": _ORDER,
        '"matrix-8" → \'matrix-8_\'': "what comes between two versions has no name of its own",
    },
    "fsm/room_policy/guards.py": {"(OUTSIDE, acting) → (acting, OUTSIDE, )": _ORDER},
    "fsm/room_policy/commits.py": {
        "lock_of(self) → __import__('contextlib').nullcontext()": _THREADS,
        "change is not None → True": "where nothing is to be told, nothing is told",
        "Beside.CHANGE_ROLE → Beside.ADD": "either is no removal",
    },
    "fsm/room_policy/rules.py": {
        "True → False": _OF_ANOTHER,
        "False → True": _OF_ANOTHER,
        "about(SENDER, plain=True) → about(SENDER)": "rooms say of every sender what is the case",
    },
    "fsm/matrix/levels.py": {
        "power < level → (power <= level)": "a power at the level reaches it either way",
        "self._faults or _NONE → (self._faults)": _SLOTS,
        "self._texts or _NONE → (self._texts)": _SLOTS,
    },
}  # fmt: skip
