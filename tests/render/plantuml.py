"""PlantUML itself, reading what is written for it: `make test-plantuml`.

It needs PlantUML and Java, and so goes by a name that the other tests are not collected by.
"""

import subprocess
from pathlib import Path
from shutil import which

from fsm import MIMI
from fsm.policies import CATALOGUE, load_policy
from fsm.render import Detail, compare, extract
from fsm.render.formats.plantuml import to_plantuml
from tests.render.policies import BIG, CROWDED, DOOR, HOSTILE

PLANTUML = which("plantuml") or "plantuml"
DIAGRAMS = [
    *map(extract, (*map(load_policy, CATALOGUE), DOOR, CROWDED, HOSTILE, BIG)),
    compare(MIMI, load_policy("mimi-01")),
]
TEXTS = [to_plantuml(diagram.drawn, detail) for diagram in DIAGRAMS for detail in Detail]


def read(folder: Path, *texts: str) -> int:
    """The exit status of PlantUML when it has read these texts."""
    files = [folder / f"{number}.puml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return subprocess.run([PLANTUML, "-checkonly", *files], check=False).returncode


def test_it_reads_every_picture(tmp_path: Path) -> None:
    assert read(tmp_path, *TEXTS) == 0


def test_it_refuses_what_is_not_its_language(tmp_path: Path) -> None:
    assert read(tmp_path, TEXTS[0], TEXTS[1].replace("[*] -->", "[*] -x->")) != 0
