"""Runs a script as Python would, with every `fit` audited from the moment that the script imports Keras.

``python launch.py RECORDS OPTIONS SCRIPT [ARGUMENTS]``: `RECORDS` is the file to write, `OPTIONS` a JSON object.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import types
from typing import Any


def main(arguments: list[str]) -> None:
    """Run the script of the arguments; what it raises, and how it exits, is its own."""
    records, options, script = arguments[:3]
    package = _package()
    tell = package.records.writer(records)
    package.hooks.install(json.loads(options), tell)
    sys.argv = arguments[2:]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    module = types.ModuleType("__main__")
    module.__file__ = script
    module.__builtins__ = __builtins__  # type: ignore[attr-defined]
    sys.modules["__main__"] = module
    _hide_own_frames()
    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec", dont_inherit=True)
    exec(code, module.__dict__)


def _package() -> Any:
    """The recorder as a package of its own name: the folder of losslint is not put on the script's path."""
    folder = os.path.dirname(os.path.abspath(__file__))
    for name in ("", ".records", ".hooks"):
        file = name[1:] or "__init__"
        spec = importlib.util.spec_from_file_location(
            "losslint_recorder" + name, os.path.join(folder, file + ".py"), submodule_search_locations=None if name else [folder]
        )
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        if name:
            setattr(sys.modules["losslint_recorder"], file, module)
    return sys.modules["losslint_recorder"]


def _hide_own_frames() -> None:
    """The traceback of a script that fails is the one that Python would show."""
    shown, own = sys.excepthook, os.path.dirname(os.path.abspath(__file__))

    def hook(kind: Any, error: BaseException, trace: Any) -> None:
        kept = []
        while trace is not None:
            if os.path.dirname(os.path.abspath(trace.tb_frame.f_code.co_filename)) != own:
                kept.append(trace)
            trace = trace.tb_next
        for one, following in zip(kept, [*kept[1:], None]):
            one.tb_next = following
        first = kept[0] if kept else None
        shown(kind, error.with_traceback(first), first)

    sys.excepthook = hook


if __name__ == "__main__":
    main(sys.argv[1:])
