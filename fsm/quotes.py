"""What specifications say, in their own words: a sentence, where it stands, and a link to it.

Guards and laws quote the sentences that they implement. Cross-references and bullets
are left out of a quotation, and so is the line where it was wrapped.
"""

import re
from typing import NamedTuple


class Document(NamedTuple):
    """A specification: what people call it, and where it is published.

    Where `{section}` stands in the URL, a section's title comes as the anchor that
    publishers of Internet-Drafts make of it.
    """

    name: str
    url: str


class Quote(NamedTuple):
    """A sentence of a specification, and the title of the section in which it stands."""

    document: Document
    section: str
    sentence: str

    @property
    def url(self) -> str:
        """A link to the section."""
        return self.document.url.replace("{section}", re.sub(r"[^a-z0-9]+", "-", self.section.lower()).strip("-"))

    def __str__(self) -> str:
        return f'{self.document.name}, "{self.section}": “{self.sentence}”'
