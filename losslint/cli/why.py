"""`losslint why`."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from losslint.cli.options import Isolated, Words, rules_of, settings_for
from losslint.cli.streams import say, write
from losslint.finding import LosslintError

if TYPE_CHECKING:
    from losslint.audit.run import Recorded

FORMATS = ("text", "json", "html")


def why(
    script: Annotated[str, typer.Argument(metavar="SCRIPT", help="The script that trains the model.")],
    arguments: Annotated[Words, typer.Argument(metavar="[ARGUMENTS]...", help="What the script is given.")] = None,
    mine: Annotated[str | None, typer.Option(metavar="FILE:FUNCTION", help="Your formula, of targets and predictions.")] = None,
    number: Annotated[float | None, typer.Option(metavar="X", help="The number that you got.")] = None,
    validation: Annotated[bool, typer.Option("--validation", help="Explain `val_loss` instead of `loss`.")] = False,
    against: Annotated[str | None, typer.Option(metavar="evaluate", help="Compare with what `model.evaluate` gives.")] = None,
    epochs: Annotated[str, typer.Option(metavar="1,5,last", help="Which epochs to explain.")] = "last",
    stop_after: Annotated[int | None, typer.Option(metavar="N", min=1, help="Stop each training after N epochs.")] = None,
    no_probe: Annotated[bool, typer.Option("--no-probe", help="Do not run the model a second time in each step.")] = False,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="The interpreter that runs the script.")] = None,
    plot: Annotated[str | None, typer.Option(metavar="FILE.svg", help="Write the chains as a picture.")] = None,
    output_format: Annotated[str, typer.Option(metavar="text|json|html", help="How to report.")] = "text",
    debug: Annotated[
        bool, typer.Option("--debug", help="Ask all rules, and tell where they and the training contradict each other.")
    ] = False,
    isolated: Isolated = False,
) -> None:
    """Explain why the loss that training shows is not the one that you compute."""
    from losslint import report
    from losslint.audit.explain import explained
    from losslint.audit.links import disagreements
    from losslint.audit.run import epochs_asked, formula, record
    from losslint.config import choice
    from losslint.report import chain_page
    from losslint.report.chain import render, to_json
    from losslint.report.style import style_of
    from losslint.report.waterfall import svg

    choice(output_format, FORMATS, "--output-format")
    if against is not None:
        choice(against, ("evaluate",), "--against")
    _together({"--mine": mine, "--number": number, "--against": against}, validation)
    if plot is not None:
        report.in_a_folder(plot, f"--plot {plot}")
    settings = settings_for([script], isolated, select=["ALL"] if debug else [])
    options = {
        "epochs": epochs_asked(epochs),
        "stop_after": stop_after,
        "probe": not no_probe,
        "mine": formula(mine, script) if mine else None,
        "validation": validation,
        "evaluate": against is not None,
    }
    recorded = record(script, arguments or (), python or settings.python or sys.executable, options)
    chains = explained(recorded, number, settings, rules_of(settings, False))
    for text in _complaints(script, recorded):
        say(f"error: {text}")
    for text in (text for chain in chains for text in disagreements(chain)) if debug else ():
        say(f"debug: {text}")
    if plot is not None:
        report.write(plot, svg([chain for chain in chains if math.isfinite(chain.shown)]), "--plot")
    if output_format == "json":
        write(to_json(chains))
    elif output_format == "html":
        write(chain_page.render(chains))
    else:
        write("\n".join(render(chain, style_of(sys.stdout)) for chain in chains))
    if recorded.status or recorded.failures or not chains:
        raise typer.Exit(2)
    raise typer.Exit(int(not all(chain.explained for chain in chains)))


def _together(compared: Mapping[str, object], validation: bool) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    LosslintError
        Two of them say what to compare with.
    """
    named = [option for option, value in compared.items() if value is not None]
    if len(named) > 1:
        raise LosslintError(f"{' and '.join(named)} each say what you compare with; give one of them")
    if validation and "--against" in named:
        raise LosslintError("--validation explains `val_loss`, which is what `evaluate` gives; leave out --against")


def _complaints(script: str, recorded: Recorded) -> Iterator[str]:
    """Why not all of what the script trained is told."""
    for failure in recorded.failures:
        yield f"the audit failed ({failure['where']}), the training went on without it: {failure['reason']}"
    if recorded.status:
        yield f"{script} {_end(recorded.status)}"
    if recorded.epochs or recorded.failures:
        return
    if recorded.fits:
        yield f"{script}: no epoch that is asked for came to its end; `--epochs` names others"
    elif not recorded.status:
        unmeasured = "loops of your own, a `fit` of your own and `train_on_batch` are not measured"
        yield f"{script} called no `fit` of a compiled Keras model; {unmeasured}"


def _end(status: int) -> str:
    """How a process ended, in words."""
    return f"ended with status {status}" if status > 0 else f"was stopped by a signal: {signal.strsignal(-status)}"
