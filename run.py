#!/usr/bin/env python3
"""The front door: names the commands; each is built in commands/. No logic."""

from __future__ import annotations

from pathlib import Path

import click

from commands.compiled import use

use()  # before anything of the house is imported

from commands import (
    courier,
    history,
    keeping,
    looking,
    moving,
    numbers,
    ordering,
    people,
    serving,
    setting_up,
    templates,
)
from commands.front import Plain


@click.group(cls=Plain, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--config", default="config.yaml", show_default=True, help="The settings.")
@click.pass_context
def main(context: click.Context, config: str) -> None:
    """Doorstep confirms cash-on-delivery orders by conversation.

    \b
    Try it:      python run.py sandbox
    For real:    python run.py check && python run.py serve
    """
    context.obj = Path(config)


COMMANDS = (
    serving.serve,
    serving.sandbox,
    setting_up.check,
    setting_up.understand,
    setting_up.preview,
    setting_up.send_test,
    templates.templates,
    looking.orders,
    looking.order,
    numbers.report,
    history.import_history,
    courier.import_events,
    ordering.import_orders,
    history.assess,
    people.export_customer,
    people.erase_customer,
    moving.migrate,
    keeping.backup,
    keeping.restore,
    keeping.rotate_key,
)
for command in COMMANDS:
    main.add_command(command)


if __name__ == "__main__":
    main()
