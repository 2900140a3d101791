"""`fsm policies`: list the policies."""

import json

import click

from fsm.cli.options import json_option
from fsm.cli.terminal import told
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
    width = max(len(name) for name in CATALOGUE)
    print(f"{'policy':{width}}  transitions   cells  title")
    for row in rows:
        line = f"{row['id']:{width}}  {row['transitions']:11}  {row['cells']:6}  {row['title']}"
        print("\n".join(told(line)))
