"""A small Internet-Draft around what is to stand in one."""

import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

_FRONT = """\
<?xml version="1.0" encoding="utf-8"?>
<rfc version="3" ipr="trust200902" docName="draft-example-states-00" submissionType="IETF" category="info"
     consensus="true" xml:lang="en" tocInclude="false">
<front>
<title>Participation States</title>
<seriesInfo name="Internet-Draft" value="draft-example-states-00"/>
<author fullname="A. Author" initials="A." surname="Author">
<organization>Example</organization><address><email>author@example.org</email></address>
</author>
<date year="{year}" month="{month}" day="{day}"/>
<abstract><t>The states, and how one gets from one to another.</t></abstract>
</front>
<middle>
<section><name>States</name><t>They are in the figures.</t>
"""
_BACK = "</section>\n</middle>\n</rfc>\n"


def draft(figures: Iterable[str]) -> str:
    # A draft that is not of today gets a warning.
    today = datetime.now(UTC).date()
    front = _FRONT.format(year=today.year, month=today.strftime("%B"), day=today.day)
    return "".join([front, *figures, _BACK])


def tool(name: str, *arguments: str, folder: Path) -> None:
    """Run a program of the authors of drafts; it must have nothing to say."""
    program = Path(sys.executable).with_name(name)
    run = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    said = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
    if run.returncode or [line for line in said if "Created file" not in line and "conforms to SVG" not in line]:
        pytest.fail("\n".join([f"{name}: status {run.returncode}", *said]))


def publish(folder: Path, name: str) -> tuple[str, str]:
    """The draft `name`.xml as text and as a page, made without the network and without a warning."""
    tool("svgcheck", "--no-network", f"{name}.xml", folder=folder)
    tool("xml2rfc", "--no-network", "--text", "--html", f"{name}.xml", folder=folder)
    return (folder / f"{name}.txt").read_text("utf-8"), (folder / f"{name}.html").read_text("utf-8")
