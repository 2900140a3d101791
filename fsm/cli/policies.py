"""`fsm policies`: list the policies."""

import json

import click

from fsm.cli.options import json_option
from fsm.cli.terminal import console
from fsm.policies import CATALOGUE, load_policy


@click.command()
@json_option
def policies(*, as_json: bool) -> None:
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
    from rich.table import Table  # noqa: PLC0415 - takes long to load

    table = Table("policy", "title", box=None, pad_edge=False)
    table.add_column("transitions", justify="right")
    table.add_column("cells", justify="right")
    for row in rows:
        table.add_row(*(str(row[column]) for column in ("id", "title", "transitions", "cells")))
    console().print(table)
