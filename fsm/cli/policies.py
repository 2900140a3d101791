"""`fsm policies`: list the policies."""

import json

from rich.console import Console
from rich.table import Table

from fsm.cli.terminal import JsonOption
from fsm.policies import CATALOGUE, load_policy


def policies(*, as_json: JsonOption = False) -> None:
    """List the policies that come with this package."""
    rows = [
        {
            "id": policy.id,
            "title": policy.title,
            "transitions": len(policy.transitions),
            "cells": policy.size,
            "source": policy.source,
        }
        for policy in map(load_policy, CATALOGUE)
    ]
    if as_json:
        print(json.dumps(rows))
        return
    table = Table("policy", "title", box=None, pad_edge=False)
    table.add_column("transitions", justify="right")
    table.add_column("cells", justify="right")
    for row in rows:
        table.add_row(*(str(row[column]) for column in ("id", "title", "transitions", "cells")))
    Console(highlight=False, markup=False).print(table)
