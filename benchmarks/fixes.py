"""Whether fixes hold on real code: every fix of every file of a tree, applied to a copy in memory and checked again.

usage: python benchmarks/fixes.py TREE... [--show]

For each rule it prints its findings, how many of them have a fix, how many fixes were applied, and how many were refused because a
check of the edited file still reports the finding or reports another. An applied fix leaves all other text as it was (the edits say
what they replace), the file parses, and fixing it again changes nothing; what breaks one of these is printed and counted as broken.
"""

from __future__ import annotations

import argparse
import ast
from collections import Counter

from losslint.config import Settings
from losslint.discovery import discover, read
from losslint.edits import difference
from losslint.finding import LosslintError
from losslint.fixing import checked, mended
from losslint.project import ProjectModules
from losslint.rule import load_rules
from losslint.screen import worth_reading
from losslint.source import SourceError, decode


def main() -> None:
    """Fix all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+")
    parser.add_argument("--show", action="store_true", help="print what each fix changes")
    given = parser.parse_args()
    rules, settings, modules = load_rules(), Settings(select=("ALL",)), ProjectModules()
    found, fixable, applied, refused, broken = (Counter[str]() for _ in range(5))
    for path in discover(given.trees).paths:
        try:
            data = read(path)
            if not worth_reading(data, path):
                continue
            text = decode(data, path)
        except (SourceError, LosslintError):
            continue
        check = checked(path, settings, rules, modules)
        result = check(text)
        found.update(finding.code for finding in result.findings)
        fixable.update(finding.code for finding in result.findings if finding.fix is not None)
        new = mended(text, result, check, unsafe=True)
        applied.update(finding.code for finding in new.fixed)
        for refusal in new.refused:
            refused[refusal.finding.code] += 1
            print(f"refused {path}:{refusal.finding.place.line} {refusal.finding.code}: {refusal.reason}")
        if new.text == text:
            continue
        if given.show:
            print(difference(path, text, new.text))
        again = mended(new.text, check(new.text), check, unsafe=True)
        try:
            ast.parse(new.text)
            whole = again.text == new.text
        except SyntaxError:
            whole = False
        if not whole:
            broken.update(finding.code for finding in new.fixed)
            print(f"BROKEN {path}")
    print("rule    findings  with a fix  applied  refused  broken")
    for code in sorted(found):
        print(f"{code:7} {found[code]:8} {fixable[code]:11} {applied[code]:8} {refused[code]:8} {broken[code]:7}")


if __name__ == "__main__":
    main()
