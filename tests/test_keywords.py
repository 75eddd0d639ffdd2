"""A misspelt keyword is named by whatever public function it is given to, before any work."""

from __future__ import annotations

import inspect
import re

import pytest

import carbonsched as cs

SMALL = cs.generate(1, 1, 0, 0)
# What must be given by position, or Python asks for that first.
GIVEN = {
    "sweep": (lambda **how: cs.sweep({"small": SMALL}, cache=None, **how)),
    "table": (lambda **how: cs.table(SMALL, **how)),
    "Instance.replace": SMALL.replace,
    "Instance.with_families": (lambda **how: SMALL.with_families([], **how)),
}
PUBLIC = {
    name: value
    for name in cs.__all__
    if callable(value := getattr(cs, name)) and not name.endswith(("Error", "Warning"))
}
METHODS = {
    f"{kind}.{name}": getattr(getattr(cs, kind), name)
    for kind, names in {
        "Instance": ("replace", "with_families", "save"),
        "Schedule": ("save", "load", "summary"),
        "Reoptimiser": ("solve",),
        "Certificate": ("save", "load", "report"),
    }.items()
    for name in names
}


def keywords(function) -> list[str]:
    return [
        name
        for name, p in inspect.signature(function).parameters.items()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and name != "self"
    ]


@pytest.mark.parametrize("name", sorted(PUBLIC | METHODS))
def test_a_misspelt_keyword_is_named(name):
    """Every keyword of every public function, with its last letter left out or doubled."""
    function = (PUBLIC | METHODS)[name]
    known = keywords(function)
    if name == "Instance.replace":
        known = list(SMALL.quantities)
    for right in known:
        for wrong in {right[:-1], right + right[-1]} - {*known, "", "cach", "cachee"}:
            with pytest.raises((TypeError, cs.InstanceError), match=rf"\b{wrong}\b"):
                GIVEN.get(name, function)(**{wrong: None})


def test_a_variable_that_there_is_not_is_told_with_the_nearest_that_there_is():
    with pytest.raises(cs.InstanceError) as caught:
        SMALL.replace(import_prize=1.0, it_capcity=2.0)
    assert caught.value.faults == (
        "import_prize: no such variable, did you mean import_price?",
        "it_capcity: no such variable, did you mean it_capacity?",
    )


@pytest.mark.parametrize("call", [lambda: cs.load("x", familes=[]), lambda: cs.example(nam="x")])
def test_reading_names_the_nearest_keyword(call):
    with pytest.raises(TypeError, match=r"has no keyword '(familes|nam)', did you mean"):
        call()


def test_a_value_of_another_kind_is_named_with_what_is_needed():
    instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    for ask, said in (
        (lambda: cs.roll(instance, window="3"), "window = '3': a whole number is needed"),
        (lambda: cs.roll(instance, window=3, step=1.5), "step = 1.5: a whole number is needed"),
        (lambda: cs.load(3), "path = 3: a path is needed"),
        (lambda: cs.load("x", 3), "families = 3: a list is needed"),
        (lambda: cs.Schedule.load(3), "path = 3: a path is needed"),
        (lambda: cs.solve(instance, families=3), "families = 3: a list is needed"),
        (lambda: cs.solve(instance, explain=3), "explain = 3: True or False is needed"),
        (lambda: cs.solve(instance, progress="x"), "progress = 'x': True, False or None"),
    ):
        with pytest.raises(TypeError, match=re.escape(said)):
            ask()
