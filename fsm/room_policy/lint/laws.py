"""The laws of role sets: what is looked for in the roles of a room, the most serious first."""

from fsm.policy_law import PolicyLaw
from fsm.room_policy.lint import definitions, pairs, rooms

PAIRED = 64
"""Of so many roles pairs are looked at; of more, only the definitions."""

# fmt: off
LAWS: tuple[PolicyLaw, ...] = (
    PolicyLaw("bounds-are-sound", "No maximum is below its minimum", "high", "3",
              definitions.bounds_are_sound),
    PolicyLaw("open-join-is-for-outsiders", "canOpenJoin appears in role 0 only", "high", "8.1.1",
              definitions.open_join_is_for_outsiders),
    PolicyLaw("fixed-rooms-let-nobody-add", "Where the membership is fixed, only roles 0 and 1 hold canAddParticipant",
              "high", "5", definitions.fixed_rooms_let_nobody_add),
    PolicyLaw("role-one-is-for-the-banned", "Role 1 is named `banned`, takes no clients and holds nothing", "high",
              "8.1.3", definitions.role_one_is_for_the_banned),
    PolicyLaw("powers-are-not-lost", "No power is lost for good while anybody is active", "high", "3",
              rooms.powers_are_not_lost, rooms.SEARCHED),
    PolicyLaw("the-last-holder-is-not-locked-in",
              "Whoever can be banned, removed, demoted or kicked, or may leave, can when alone in the role", "high",
              "3",
              pairs.the_last_holder_is_not_locked_in, PAIRED),
    PolicyLaw("kicks-know-rank", "Who may kick somebody may remove, ban or demote them", "high", "8.1.2",
              pairs.kicks_know_rank, PAIRED),
    PolicyLaw("who-writes-the-rules-lacks-nothing",
              "Who writes preauthorizations or role definitions lacks nothing that a role has", "high", "4",
              pairs.who_writes_the_rules_lacks_nothing, PAIRED),
    PolicyLaw("nobody-is-put-above",
              "Nobody puts another, or their own second account, into a role with more than they have", "high", "8.1",
              pairs.nobody_is_put_above, PAIRED),
    PolicyLaw("roles-are-reached-and-left", "Every role but 0 and 1 can be reached from some first room, and left",
              "medium", "3", rooms.roles_are_reached_and_left, PAIRED),
    PolicyLaw("the-banned-stay-out",
              "Who may take the banned off the list may unban them, or nobody gets in unasked", "medium", "8.1.3",
              pairs.the_banned_stay_out, PAIRED),
    PolicyLaw("demotion-and-removal-hold", "Who was demoted or removed does not come back by themselves", "medium",
              "8.1.3", pairs.demotion_and_removal_hold, PAIRED),
    PolicyLaw("everybody-gets-a-client", "Who is in the list can get a client into the group", "medium", "8.1.1",
              pairs.everybody_gets_a_client, PAIRED),
    PolicyLaw("bans-take-their-capability", "Bans take canBan, and unbans canUnBan", "medium", "8.1.3",
              pairs.bans_take_their_capability, PAIRED),
    PolicyLaw("first-rooms-can-meet-minima",
              "A first room of its creator alone meets, or can come to meet, every minimum", "medium", "3",
              rooms.first_rooms_can_meet_minima, PAIRED),
    PolicyLaw("equals-do-not-ban-each-other", "Nobody can ban all their equals", "low", "8.1.3",
              pairs.equals_do_not_ban_each_other, PAIRED),
    PolicyLaw("everybody-can-step-down", "Every role but the lowest can step down", "low", "8.1.3",
              pairs.everybody_can_step_down, PAIRED),
    PolicyLaw("reach-has-no-gap", "Who may ban or remove all others but one may do so to that one, if it has less",
              "low", "8.1", pairs.reach_has_no_gap, PAIRED),
    PolicyLaw("nothing-is-dead", "No capability, change or entry is without use", "low", "3",
              definitions.nothing_is_dead, PAIRED),
    PolicyLaw("expected-pairs-are-whole", "Who has one of two capabilities that go together has the other", "low",
              "8.1", definitions.expected_pairs_are_whole, PAIRED),
)
# fmt: on
