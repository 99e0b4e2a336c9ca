"""House rules for rules: what every one of them has in common."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from losslint.finding import Result
from losslint.rule import BUILT_IN, CODE, NAME, Rule, load_rules

HEADINGS = [
    "What it does", "Why is this bad", "Example", "Use instead", "What it does not flag", "Fix safety", "How it is confirmed",
    "Known misses", "References",
]  # fmt: skip
LEAST_EXAMPLES = 4
MOST_LINES = 400
MOST_CHECK_LINES = 120
RULES = load_rules()


def module_of(rule: Rule) -> ModuleType:
    package = importlib.import_module(BUILT_IN)
    for info in pkgutil.walk_packages(package.__path__, f"{BUILT_IN}."):
        module = importlib.import_module(info.name)
        held = getattr(module, "RULE", None)
        if isinstance(held, Rule) and held.code == rule.code:
            return module
    raise AssertionError(f"no module holds {rule.code}")


def file_of(rule: Rule) -> Path:
    path = module_of(rule).__file__
    assert path is not None
    return Path(path)


each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)


@each_rule
def test_code_and_name(rule: Rule) -> None:
    assert CODE.fullmatch(rule.code)
    assert rule.code.startswith("LL")
    assert NAME.fullmatch(rule.name)


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


@each_rule
def test_file_is_named_like_the_rule(rule: Rule) -> None:
    assert file_of(rule).stem == rule.name.replace("-", "_")


@each_rule
def test_page_begins_with_code_and_name_and_has_the_headings_in_order(rule: Rule) -> None:
    lines = rule.documentation.splitlines()
    assert lines[0].startswith(f"{rule.code} {rule.name}: ")
    assert lines[0].endswith(".")
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == HEADINGS
    parts = re.split(r"^## .*$", rule.documentation, flags=re.MULTILINE)
    assert all(part.strip() for part in parts), "no heading without text"


@each_rule
def test_enough_examples(rule: Rule) -> None:
    assert len(rule.bad) >= LEAST_EXAMPLES
    assert len(rule.good) >= LEAST_EXAMPLES


@each_rule
def test_examples_are_python_and_all_different(rule: Rule) -> None:
    examples = (*rule.bad, *rule.good, *rule.misses)
    assert len(set(examples)) == len(examples)
    for text in examples:
        ast.parse(text)


@each_rule
def test_files_stay_small(rule: Rule) -> None:
    text = file_of(rule).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    code = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert sum((n.end_lineno or n.lineno) - n.lineno + 1 for n in code) <= MOST_CHECK_LINES


@each_rule
def test_rule_imports_only_losslint_its_family_and_the_standard_library(rule: Rule) -> None:
    for node in ast.walk(ast.parse(file_of(rule).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            assert top == "losslint" or top in sys.stdlib_module_names, name


@each_rule
def test_messages(rule: Rule, check: Callable[[str], Result]) -> None:
    for text in rule.bad:
        for finding in check(text).findings:
            if finding.code != rule.code:
                continue
            assert finding.message.startswith("`"), "a message begins with the code that it is about"
            for sentence in (finding.message, finding.help, *(place.message for place in finding.related)):
                assert not sentence.endswith((".", " ", "!")), sentence
                assert sentence == " ".join(sentence.split())
                assert sentence.count("`") % 2 == 0
            assert finding.help
            assert finding.help[0].islower() or finding.help[0] == "`"
            assert finding.severity is rule.severity


def test_superseded_rules_exist_and_nothing_supersedes_itself() -> None:
    weaker = {rule.name: set(rule.supersedes) for rule in RULES}

    def below(name: str, way: tuple[str, ...] = ()) -> None:
        assert name not in way, f"cycle: {' -> '.join((*way, name))}"
        for other in weaker[name]:
            assert other in weaker, f"{name} supersedes {other}, which does not exist"
            below(other, (*way, name))

    for name in weaker:
        below(name)


def test_rules_are_loaded_under_the_installed_name_only() -> None:
    assert not any(name == "rules" or name.startswith("rules.") for name in sys.modules)
