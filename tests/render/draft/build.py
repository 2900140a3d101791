"""Whole drafts around the section that `fsm spec` writes, through kramdown-rfc and xml2rfc: `make test-draft`.

It needs a program that pip does not have (Debian: ruby-kramdown-rfc2629), and so goes by a
name that the other tests are not collected by.
"""

import os
import subprocess
from pathlib import Path
from shutil import which

import pytest

from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render.words.section import to_section
from tests.render.draft import publish
from tests.render.policies import BIG, CROWDED, DOOR, HOSTILE, WORDY

_HERE = Path(__file__).parent
_BASE = "https://example.org/draft.html"
POLICIES = [
    *map(load_policy, ("mimi", "mimi-00", "mimi-01", "matrix-1", "matrix-10")), DOOR, CROWDED, HOSTILE, BIG, WORDY
]  # fmt: skip


def kramdown(folder: Path, markdown: str) -> None:
    """Make draft.xml of the Markdown; the references are at hand, and nothing may be complained of."""
    program = which("kramdown-rfc2629") or which("kramdown-rfc")
    assert program, "kramdown-rfc is missing (Debian: apt-get install ruby-kramdown-rfc2629)"
    environment = {**os.environ, "KRAMDOWN_REFCACHEDIR": str(_HERE / "refs"), "LC_ALL": "C.UTF-8"}
    run = subprocess.run(
        [program, "--v3"], input=markdown.encode(), capture_output=True, check=False, cwd=folder, env=environment
    )
    assert (run.returncode, run.stderr.decode()) == (0, "")
    (folder / "draft.xml").write_bytes(run.stdout)


def whole(*sections: str) -> str:
    return "".join([(_HERE / "head.md").read_text("utf-8"), *sections, (_HERE / "back.md").read_text("utf-8")])


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.title[:12])
def test_a_draft_with_the_section(policy: AnyPolicy, tmp_path: Path) -> None:
    kramdown(tmp_path, whole(to_section(policy, link_base=_BASE)))
    text, page = publish(tmp_path, "draft")
    assert "Figure 1: " in text
    # Under a narrow table, the title of the table takes several lines.
    assert "Table 1: Transitions by state of the target and by action" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 72
    assert '<span class="bcp14">MUST</span>' in page
    assert (f'href="{_BASE}#section-' in page) == any(row.clause for row in policy.transitions)


def test_a_draft_with_the_sections_of_two_policies(tmp_path: Path) -> None:
    sections = [to_section(load_policy(name)) for name in ("mimi-00", "mimi-01")]
    kramdown(tmp_path, whole("\n\n".join(sections)))
    text, page = publish(tmp_path, "draft")
    assert "Figure 2: MIMI Policy, revision 01 to the letter" in text
    assert page.count("<svg") == 2


def test_the_sentences_arrive(tmp_path: Path) -> None:
    kramdown(tmp_path, whole(to_section(load_policy("mimi"))))
    words = " ".join(publish(tmp_path, "draft")[0].split())
    for sentence in (
        "The target of an invite MUST NOT already be in the joined or banned state.",
        "If the target is in the left or knocking state, the room MUST have the join rule public.",
        "The target MUST be in the invited (revoke), joined (kick), or knocking (deny) state.",
        "The target and sender of a ban MUST NOT be the same.",
    ):
        assert sentence in words


def test_hostile_words_arrive_as_words(tmp_path: Path) -> None:
    kramdown(tmp_path, whole(to_section(HOSTILE)))
    text, page = publish(tmp_path, "draft")
    assert "<script>alert(1)" not in page
    assert "%%{init}%% Conditions" in text
    assert "<b>bold</b> Conditions" in " ".join(text.split())
