"""The list of what runs with every change names tests that there are."""

import ast
from collections import Counter
from pathlib import Path

from few import FEW


def test_every_name_is_a_test_and_of_one_kind():
    names = Counter(
        node.name
        for path in Path(__file__).parent.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    )
    assert {name: names[name] for name in FEW} == dict.fromkeys(FEW, 1)
