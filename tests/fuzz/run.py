"""The fuzz before a release: ``python tests/fuzz/run.py 20000 [SEED]`` prints what was drawn, and every contradiction."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1] / "operations"), str(Path(__file__).parent)]


def main(programs: int, seed: int) -> int:
    """Run so many programs; the status is 1 if one of them contradicts a claim."""
    from programs import Drawer, templates
    from soundness import contradictions

    drawer, depths, parts, wrong = Drawer(seed), 0, Counter[str](), 0
    for number in range(programs):
        program = drawer.program()
        depths += program.depth
        parts.update(set(program.used))
        told = list(contradictions(program))
        if told:
            wrong += 1
            print(f"--- program {number}\n{_needed(program, told[-1].partition(':')[0])}\n" + "\n".join(told[-4:]), flush=True)
    drawn = {name: parts[name] for name in templates()}
    rare = sorted((count, name) for name, count in drawn.items())[:5]
    shares = ", ".join(f"{part} {100 * parts[part] / programs:.0f} %" for part in ("helper", "where", "reduction", "clip", "slice"))
    print(f"{programs} programs, mean depth {depths / programs:.1f}; {shares}")
    print(f"{len(drawn)} operations, the rarest: {', '.join(f'{name} {count}' for count, name in rare)}")
    print(f"{wrong} programs contradict a claim")
    return int(wrong > 0)


def _needed(program: Any, name: str) -> str:
    """The statements that a value is made of, and the helpers."""
    lines, wanted = [], {name}
    for target, text in reversed(program.statements):
        if target in wanted:
            wanted |= set(re.findall(r"\bv\d+\b", text))
            lines.append(f"    {target} = {text}")
    return "\n".join([part for part in re.findall(r"def helper.*?\n    return value", program.text, re.DOTALL)] + lines[::-1])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
