"""Whether fixes hold on real code: every fix of every file of a tree, applied to a copy and checked again.

usage: python benchmarks/fixes.py TREE... [--show] [--confirm] [--python PATH]

For each rule it prints its findings, how many of them have a fix, how many fixes were applied, and how many were refused because a
check of the edited file still reports the finding or reports another. Broken is a fix after which the file does not parse, or which
another run would fix again, or that changes a byte outside the expressions that its edits name: each is written to a file of its own,
which is compared with the bytes of the old one (notebooks are not).

With --confirm each fix is run by itself: the loss before and after it, on the batches of the laboratory and on the one that broke it
before. Held: what was finite stays finite, by a safe fix value and gradient stay, and the witness breaks the loss no longer.
Undecided: the loss cannot be run, or more than one factor changes; the reasons are counted. Wrong is anything else. The figures are in
fixes.md.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
import tempfile
import tokenize
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from losslint.config import Confirmation, Settings
from losslint.discovery import discover, read
from losslint.edits import difference, edited
from losslint.finding import Finding, LosslintError
from losslint.fixing import checked, mended, replace_file
from losslint.lab.memory import Memory
from losslint.lab.verdicts import Laboratory
from losslint.notebooks import ENDING
from losslint.project import ProjectModules
from losslint.rule import load_rules
from losslint.screen import worth_reading
from losslint.source import SourceError, decode

COLUMNS = ("findings", "with a fix", "applied", "refused", "broken", "held", "undecided", "wrong")
MARK = b"\xef\xbb\xbf"  # of UTF-8, which is no part of the first line


class Bench:
    """Counts what fixes do, file by file."""

    def __init__(self, laboratory: Laboratory | None, show: bool) -> None:
        self.laboratory = laboratory
        self.show = show
        self.rules, self.settings, self.modules = load_rules(), Settings(select=("ALL",)), ProjectModules()
        self.counts = {name: Counter[str]() for name in COLUMNS}
        self.reasons = Counter[str]()

    def count(self, column: str, finding: Finding, told: str = "") -> None:
        """Count a finding, and print where it is if there is something to tell."""
        self.counts[column][finding.code] += 1
        if told:
            print(f"{column} {finding.place.path}:{finding.place.line} {finding.code}: {told}", flush=True)

    def file(self, path: str) -> None:
        """Fix all of one file."""
        data = read(path)
        if not worth_reading(data, path):
            return
        text = decode(data, path)
        check = checked(path, self.settings, self.rules, self.modules)
        result = check(text)
        new = mended(text, result, check, unsafe=True)
        for finding in result.findings:
            self.count("findings", finding)
            if finding.fix is not None:
                self.count("with a fix", finding)
                if not path.endswith(ENDING) and not untouched(data, text, finding):
                    self.count("broken", finding, "bytes outside its edits change")
        for refusal in new.refused:
            self.count("refused", refusal.finding, refusal.reason)
        for finding in new.fixed:
            self.count("applied", finding)
            if not self.whole(path, new.text):
                self.count("broken", finding, "the file does not parse, or is fixed again")
        if self.show and new.text != text:
            print(difference(path, text, new.text))
        if self.laboratory is not None and new.fixed:
            self.run(path, text, frozenset(finding.fingerprint for finding in new.fixed))

    def whole(self, path: str, text: str) -> bool:
        """Whether a fixed text parses and has nothing left to fix."""
        check = checked(path, self.settings, self.rules, self.modules)
        try:
            ast.parse(text)
        except SyntaxError:
            return False
        return mended(text, check(text), check, unsafe=True).text == text

    def run(self, path: str, text: str, applied: frozenset[str]) -> None:
        """Run the losses of one file before and after each of the fixes that were applied."""
        assert self.laboratory is not None
        settings = Settings(select=tuple(rule.code for rule in self.rules if rule.fix is not None))
        for finding in self.laboratory.judged(text, path, settings, self.rules, self.modules).findings:
            if finding.fix is None or finding.fingerprint not in applied:
                continue
            if finding.fix.verified is None:
                self.count("undecided", finding)
                told = finding.fix.message.rpartition(" (not verified: ")[2].removesuffix(")")
                self.reasons[re.sub(r"`[^`]*`|\b\d[\d.e+-]*", "…", told)] += 1
            else:
                self.count("held" if finding.fix.verified else "wrong", finding, "" if finding.fix.verified else finding.fix.message)


def untouched(data: bytes, text: str, finding: Finding) -> bool:
    """Whether a fix that is written to a file leaves every byte outside its edits as it was."""
    assert finding.fix is not None
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    pieces = re.split(rb"(\r\n?|\n)", data.removeprefix(MARK))  # lines and their ends in turn
    newline = b"\r\n" if b"\r\n" in data else b"\n"

    def offset(line: int, column: int) -> int:
        before = pieces[2 * line - 2].decode(encoding)[: column - 1].encode(encoding)
        return sum(map(len, pieces[: 2 * line - 2])) + len(before.removeprefix(MARK))

    wanted = data.removeprefix(MARK)
    for edit in sorted(finding.fix.edits, key=lambda edit: (edit.line, edit.column), reverse=True):
        begin, end = offset(edit.line, edit.column), offset(edit.end_line, edit.end_column)
        wanted = wanted[:begin] + edit.text.encode(encoding).removeprefix(MARK).replace(b"\n", newline) + wanted[end:]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "losses.py")
        copy.write_bytes(data)
        replace_file(str(copy), data, edited(text, [finding]))
        return copy.read_bytes() == data[: len(data) - len(data.removeprefix(MARK))] + wanted


def main() -> None:
    """Fix all, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trees", nargs="+")
    parser.add_argument("--show", action="store_true", help="print what each fix changes")
    parser.add_argument("--confirm", action="store_true", help="run each loss before and after each fix")
    parser.add_argument("--python", default=sys.executable, help="the interpreter with TensorFlow that runs them")
    given = parser.parse_args()
    with ExitStack() as stack:
        asked = Confirmation(given.python, fixes=True)
        bench = Bench(stack.enter_context(Laboratory(asked, Memory(None, ""))) if given.confirm else None, given.show)
        for path in discover(given.trees).paths:
            try:
                bench.file(path)
            except (SourceError, LosslintError) as error:
                print(f"not read: {path}: {error}")
    shown = COLUMNS if given.confirm else COLUMNS[:5]
    print("| rule |", " | ".join(shown), "|\n|---|" + "---|" * len(shown))
    for code in sorted(bench.counts["findings"]):
        print(f"| {code} |", " | ".join(str(bench.counts[name][code]) for name in shown), "|")
    print("| all |", " | ".join(str(bench.counts[name].total()) for name in shown), "|")
    for reason, number in bench.reasons.most_common():
        print(f"undecided {number}: {reason}")


if __name__ == "__main__":
    main()
