"""What to look for in the roles of a room: laws of role sets, and changes that mend what breaks them.

| module | holds |
| --- | --- |
| `powers` | what a role may do to whom, asked of the rows of the policy |
| `logs` | small rooms as logs, whose last event shows a fault |
| `edits` | changes of a role set, one word at a time |
| `definitions` | laws of the definitions themselves |
| `pairs` | laws of two roles: what holders of one may do to holders of another |
| `rooms` | laws of whole small rooms: how they begin, and what they can come to |
| `laws` | all of them, in one tuple |
| `repair` | the search for the smallest change after which a law holds |
"""
