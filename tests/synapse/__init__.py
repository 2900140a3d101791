"""Our decisions beside those of Synapse, the most used Matrix server: `make test-synapse`.

Synapse is a peer: a process of its own, in an environment of its own, and never a
dependency. `compare` makes rooms (`cases`), asks both, and reports every difference.
"""
