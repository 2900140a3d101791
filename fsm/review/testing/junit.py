"""Results of tests as the XML that test servers read."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET


@dataclass(frozen=True, slots=True)
class Case:
    """One result. Without a `message` it is a success; with an `error` the test itself could not be run to its end."""

    group: str
    name: str
    message: str = ""
    details: str = ""
    error: str = ""
    """What kind of error the message is, where it is one and no failure."""


def to_junit(title: str, cases: Sequence[Case], seconds: float) -> bytes:
    """The results of one suite of tests, as JUnit writes them."""
    errors = sum(bool(case.error) for case in cases)
    failures = sum(bool(case.message) for case in cases) - errors
    counts = {"tests": len(cases), "failures": failures, "errors": errors}
    attributes = {name: str(count) for name, count in counts.items()} | {"time": f"{seconds:.3f}"}
    root = ET.Element("testsuites", attributes)
    suite = ET.SubElement(root, "testsuite", {"name": _clean(title), **attributes})
    for case in cases:
        element = ET.SubElement(suite, "testcase", {"classname": _clean(case.group), "name": _clean(case.name)})
        if case.error:
            ET.SubElement(element, "error", {"message": _clean(case.message), "type": case.error})
        elif case.message:
            ET.SubElement(element, "failure", {"message": _clean(case.message)}).text = _clean(case.details)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _clean(text: str) -> str:
    """A text without what XML cannot hold."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)
