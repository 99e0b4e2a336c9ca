"""The JUnit report that most build servers read: each file is a test suite, each finding a failed test case."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as xml

from losslint.finding import by_path
from losslint.pipeline import Outcome
from losslint.report.style import Style, one_line
from losslint.rule import Rule


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """An XML document; a run without findings is one test case that passed."""
    result = outcome.result
    whole = {"name": "losslint", "tests": str(max(len(result.findings) + len(result.failures), 1))}
    root = xml.Element("testsuites", whole | {"failures": str(len(result.findings)), "errors": str(len(result.failures))})
    for path, findings in by_path(result.findings).items():
        suite = xml.SubElement(root, "testsuite", name=path, tests=str(len(findings)), failures=str(len(findings)), errors="0")
        for finding in findings:
            place = finding.place
            name = f"{finding.code} {finding.name} at {place.line}:{place.column}"
            case = xml.SubElement(suite, "testcase", name=name, classname=path, file=path, line=str(place.line))
            xml.SubElement(case, "failure", message=one_line(finding.message), type=finding.severity.value).text = one_line(finding.help)
    for failure in result.failures:
        suite = xml.SubElement(root, "testsuite", name=failure.path, tests="1", failures="0", errors="1")
        case = xml.SubElement(suite, "testcase", name="losslint", classname=failure.path)
        xml.SubElement(case, "error", message=one_line(failure.message))
    if not len(root):
        suite = xml.SubElement(root, "testsuite", name="losslint", tests="1", failures="0", errors="0")
        xml.SubElement(suite, "testcase", name=f"{result.losses} losses", classname="losslint")
    xml.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{xml.tostring(root, encoding="unicode")}\n'
