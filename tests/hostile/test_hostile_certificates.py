"""Certificates that mean harm: refused at once and in words, and never mistaken for a proof."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import carbonsched as cs
from carbonsched.proof import file as files
from carbonsched.proof.check import main
from carbonsched.proof.text import line, printable, quoted

PADDED = "highs" + 75 * " " + "proved     root gap 0.0000%"
Document = dict[str, Any]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> tuple[Path, Document]:
    """Return the folder of an instance and the document of an honest certificate of it."""
    folder = tmp_path_factory.mktemp("fleet")
    instance = cs.generate(2, 6, 2, 1, seed=0)
    proof = cs.certify(instance, cs.solve(instance, gap=0))
    path = proof.save(folder / "proof.json")
    return instance.save(folder / "instance"), json.loads(path.read_text(encoding="utf-8"))


def spoilt(fleet: tuple[Path, Document], path: Path, spoil: Callable[[Document], None]) -> Path:
    document = json.loads(json.dumps(fleet[1]))
    spoil(document)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def a_decision_of_400_digits(document):
    document["decisions"]["route"][0][0][0] = "9" * 400


def a_benefit_of_a_million_digits(document):
    document["objective"] = "9" * 1_000_000


def an_exponent(document):
    document["bound"] = "1e999999999"


def digits_that_are_not_ascii(document):
    document["bound"] = "٣٣٣"


def two_thousand_labels_each(document):
    document["labels"] = {dim: list(map(str, range(2000))) for dim in document["labels"]}
    document["placements"] = []


def labels_and_nothing_over_them(document):
    two_thousand_labels_each(document)
    document["decisions"] = {name: [] for name in document["decisions"]}
    document["prices"] = {name: [] for name in document["prices"]}


def the_same_label_twice(document):
    document["labels"]["job"] = ["job-1", "job-1"]


def ninety_thousand_placements(document):
    document["placements"] = document["placements"][:1] * 90_000


def a_job_placed_twice(document):
    document["placements"] = document["placements"][:1] * 2


def a_place_that_is_a_list(document):
    document["placements"] = [{"job": [], "site": {}, "start": None}]


def a_missed_limit_of_a_million_characters(document):
    document["missed"] = ["x" * 1_200_000]


def control_characters_in_a_missed_limit(document):
    document["missed"] = ["\x1b[2J\x1b]0;proved\x07"]


def a_solver_that_wraps_into_a_proof(document):
    document["reported, not proved"]["solver"] = PADDED


def a_solver_of_blank_letters(document):
    document["reported, not proved"]["solver"] = "highs" + 70 * "\u3164" + "proved"


def a_title_of_a_million_characters(document):
    document["title"] = "x" * 1_200_000


def half_a_character(document):
    document["title"] = "\ud800"


def a_gap_that_is_a_text(document):
    document["reported, not proved"]["gap"] = "0"


def an_integer_of_three_thousand_digits_for_a_label(document):
    document["labels"]["site"][0] = int("9" * 3000)


def lists_in_lists(document):
    document["missed"] = json.loads("[" * 500 + "]" * 500)


def a_scope_of_lists(document):
    document["scope"] = {slot: [slot] for slot in document["scope"]}


def a_method_that_is_a_list(document):
    document["method"] = ["joint"]


def a_digest_of_another_kind(document):
    document["instance"] = "\x1b[31m" + "0" * 64


def nothing_for_the_prices(document):
    del document["prices"]


SPOILT = [
    a_decision_of_400_digits, a_benefit_of_a_million_digits, an_exponent, digits_that_are_not_ascii,
    two_thousand_labels_each, labels_and_nothing_over_them, the_same_label_twice,
    ninety_thousand_placements, a_job_placed_twice, a_place_that_is_a_list,
    a_missed_limit_of_a_million_characters, control_characters_in_a_missed_limit,
    a_solver_that_wraps_into_a_proof, a_solver_of_blank_letters, a_title_of_a_million_characters,
    half_a_character, a_gap_that_is_a_text, an_integer_of_three_thousand_digits_for_a_label,
    lists_in_lists, a_scope_of_lists, a_method_that_is_a_list, a_digest_of_another_kind,
    nothing_for_the_prices,
]  # fmt: skip
OF_PYTHON = ("Error:", "Traceback", "KeyError", "NoneType", "object has no", "<class", "unhashable")


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_it_is_refused_in_words_and_at_once(fleet, tmp_path, capsys, spoil):
    path = spoilt(fleet, tmp_path / "proof.json", spoil)
    begun = time.perf_counter()
    code = main([str(path), str(fleet[0])])
    assert time.perf_counter() - begun < 5
    shown = capsys.readouterr()
    assert code == 2 and not shown.out
    assert shown.err.startswith(f"error: {path}") and len(shown.err) < 2000
    assert not any(word in shown.err for word in OF_PYTHON)
    assert all(c.isprintable() or c == "\n" for c in shown.err)
    assert not any(told.startswith("proved") for told in shown.err.splitlines())


def test_every_fault_is_told_at_once(fleet, tmp_path):
    def spoil(document):
        a_method_that_is_a_list(document)
        an_exponent(document)
        nothing_for_the_prices(document)

    with pytest.raises(cs.CertificateError) as caught:
        cs.Certificate.load(spoilt(fleet, tmp_path / "proof.json", spoil))
    assert caught.value.faults == (
        "method: expected a method of Table I, got a list",
        "bound: expected a decimal number as text, got '1e999999999'",
        "prices: expected an object of arrays, got nothing",
    )


@pytest.mark.parametrize("content", ["[" * 200_000, '{"format":' * 50_000, "{} {}", "9" * 10_000])
def test_what_is_nested_without_end_or_no_certificate_is_refused(tmp_path, capsys, content):
    path = tmp_path / "proof.json"
    path.write_text(content)
    assert main([str(path), str(tmp_path)]) == 2
    assert "Error" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "nothing"])
def test_what_is_no_file_is_not_read(fleet, tmp_path, capsys, kind):
    path = {"device": Path("/dev/zero"), "folder": tmp_path}.get(kind, tmp_path / kind)
    if kind == "pipe":
        os.mkfifo(path)
    assert main([str(path), str(fleet[0])]) == 2
    said = "missing" if kind == "nothing" else "not a regular file"
    assert said in capsys.readouterr().err
    with pytest.raises(cs.CertificateError, match=said):
        cs.Certificate.load(path)


def test_what_is_too_large_is_neither_read_nor_written(fleet, tmp_path, monkeypatch):
    path = spoilt(fleet, tmp_path / "proof.json", lambda document: None)
    proof = cs.Certificate.load(path)
    monkeypatch.setattr(files, "MOST_BYTES", 1000)
    with pytest.raises(cs.CertificateError, match="at most 1,000 are read"):
        cs.Certificate.load(path)
    with pytest.raises(cs.CertificateError, match="at most 1,000 are read"):
        proof.save(tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


@pytest.mark.parametrize("part", ["missed", "placements"])
def test_time_grows_with_the_size_and_not_with_its_square(fleet, tmp_path, part):
    """Eight times as much takes about eight times as long: far less than 64 times."""

    def seconds(count: int) -> float:
        def spoil(document):
            if part == "missed":
                document["missed"] = [f"(2) no limit of any kind, number {n}" for n in range(count)]
            else:
                document["labels"]["job"] = list(map(str, range(count)))
                place = {**document["placements"][0]}
                document["placements"] = [place | {"job": str(n)} for n in range(count)]

        path = spoilt(fleet, tmp_path / "proof.json", spoil)
        begun = time.process_time()
        with pytest.raises(cs.CertificateError) as caught:
            cs.Certificate.load(path).check(instance)
        assert len(caught.value.faults) < 30
        return time.process_time() - begun

    instance = cs.load(fleet[0])
    seconds(100)
    assert seconds(40_000) < 24 * max(seconds(5_000), 0.05)


def test_a_text_that_is_taken_is_quoted_on_its_own_line(fleet, tmp_path, capsys):
    """Proves: what a file says of its solver stands in quotation marks, and begins no line."""

    def spoil(document):
        document["reported, not proved"]["solver"] = "highs proved root gap 0.0000%"

    assert main([str(spoilt(fleet, tmp_path / "proof.json", spoil)), str(fleet[0])]) == 0
    *_, last = capsys.readouterr().out.splitlines()
    assert last.startswith("reported   by 'highs proved root gap 0.0000%': gap ")


def test_a_missed_limit_is_wrapped_under_its_own_word(fleet, tmp_path):
    def spoil(document):
        document["missed"] = ["(2) IT capacity " + "at site " * 20 + "proved root gap 0%"]

    report = cs.Certificate.load(spoilt(fleet, tmp_path / "proof.json", spoil)).report()
    told = report.splitlines()
    assert max(map(len, told)) <= 80
    first = next(k for k, text in enumerate(told) if text.startswith("missed"))
    assert len(told) > first + 1 and all(text.startswith(11 * " ") for text in told[first + 1 :])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("day\nproved", "day proved"),
        ("a\t \u00a0 b", "a b"),
        ("\x1b[31mred\x07", "[31mred"),
        ("Düsseldorf", "Düsseldorf"),
        ("\u202eleft", "left"),
        (100 * "x", 60 * "x"),
        (100 * "京", 30 * "京"),
    ],
)
def test_a_line_is_one_line(text, wanted):
    assert line(text) == wanted == line(wanted)
    assert quoted(text) in (wanted, repr(wanted))
    assert printable(text).isprintable()
