"""What the Matrix specification says, in its own words: sentences of the rules on who may send what.

The rules of each room version stand on a page of its own. A sentence that stands on several
is quoted from the last of them.

Source: https://spec.matrix.org/latest/rooms/
"""

from fsm.quotes import Document, Quote


def rule(version: int, sentence: str) -> Quote:
    """A sentence of the rules of a room version."""
    page = Document(f"Matrix room version {version}", f"https://spec.matrix.org/latest/rooms/v{version}/#{{section}}")
    return Quote(page, "Authorisation rules", sentence)
