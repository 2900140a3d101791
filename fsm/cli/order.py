"""The option of the commands that read logs."""

import click

from fsm.cli.options import Word
from fsm.shapes import Order

order_option = click.option(
    "--order", type=Word(Order), help="How the events of the log stand; by default that is told from the log."
)
