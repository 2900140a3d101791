"""Laws: what must hold in any policy of a family, each in one plain sentence.

Theory of operation. Laws are a second opinion. The table says which row permits
what; a law says what must never, or must always, be so, and knows nothing of rows.
Each is held against every cell of a policy (`fsm.review.cases.cells`). There are four
kinds:

- `law`, what nobody can do: a function of action, facts and decision, true when kept.
- `right`, what everybody can do: a function of action and facts, true where the
  action must be allowed.
- `possibility`, what somebody can do: a function of action and facts that gives the
  name of what would be done there, or None. Each name must be allowed in some cell.
- `comparison`, what has a say in what: a function of action and facts that gives
  changes of facts. What is rejected must be rejected after each of them, too.

A family's laws are in its part `laws`; those of MIMI and Matrix in `fsm.participation.laws`.

Laws of your own go into a Python file, given to `fsm verify` by `--laws`::

    from fsm.review.laws import Severity, law

    @law("Nobody is banned from a public room", Severity.LOW, clause="House rules", reads=("join_rule",))
    def public_rooms_ban_nobody(action, facts, decision):
        return not (action == "ban" and decision.allowed and facts.join_rule == "public")

The function's name, with hyphens, is the law's id. `reads` names the facts besides
`target`, `sender` and `is_self` that it looks at: a policy that lacks one of them is
not asked. A decision tells whether the action is allowed, by which transition, and
where that leads.
"""

from fsm.review.laws.decorators import comparison, law, possibility, right
from fsm.review.laws.kinds import Severity

__all__ = ["Severity", "comparison", "law", "possibility", "right"]
