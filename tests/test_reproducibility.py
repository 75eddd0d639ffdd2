"""What is said about this repository is true of it: versions, licences, commands, references."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import reference_pages
import yaml
from notebook_files import read_notebook

import carbonsched
from carbonsched.core.method import METHODS
from carbonsched.core.schema import DECISIONS, DIMENSIONS, PARAMETERS, PRICES

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
INSTANCES = ("default", "real-week")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project():
    return tomllib.loads(read("pyproject.toml"))["project"]


@pytest.fixture(scope="module")
def codemeta():
    return json.loads(read("codemeta.json"))


@pytest.fixture(scope="module")
def zenodo():
    return json.loads(read(".zenodo.json"))


@pytest.fixture(scope="module")
def citation():
    return yaml.safe_load(read("CITATION.cff"))


@pytest.fixture(scope="module")
def manifest():
    return yaml.safe_load(read("codecheck.yml"))["manifest"]


@pytest.fixture(scope="module")
def prose():
    """Each page's words: Markdown files whole, of notebooks the cells of text."""
    pages = {path.stem: path.read_text(encoding="utf-8") for path in BOOK.glob("*.md")}
    for path in BOOK.glob("*.ipynb"):
        cells = read_notebook(path).cells
        pages[path.stem] = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
    return pages


# --------------------------------------------------------------------------- who, what, when


def test_one_version_and_date_everywhere(project, codemeta, zenodo, citation):
    version, date = project["version"], str(citation["date-released"])
    bibtex = dict(re.findall(r"(\w+) += \{(.+?)\},?\n", bibtex_of_the_software()))
    versions = (carbonsched.__version__, citation["version"], codemeta["version"])
    assert {*versions, zenodo["version"], bibtex["version"]} == {version}
    assert {codemeta["datePublished"], zenodo["publication_date"], bibtex["date"]} == {date}
    assert bibtex["year"] == date[:4]
    assert f"\n## [{version}] - {date}\n" in read("CHANGELOG.md")


def bibtex_of_the_software():
    return re.search(r"@software\{carbonsched,\n.*?\n\}", read("book/reproduce.md"), re.DOTALL)[0]


def test_the_same_name_people_words_and_licence(project, codemeta, zenodo, citation):
    (people,) = (person["name"] for person in project["authors"])
    assert [person["name"] for person in codemeta["author"]] == [people]
    assert [person["name"] for person in zenodo["creators"]] == [people]
    assert [person["name"] for person in citation["authors"]] == [people]
    assert f"{{{{{people}}}}}" in bibtex_of_the_software()
    names = (codemeta["name"], zenodo["title"], citation["title"])
    assert set(names) == {project["name"]}
    assert codemeta["keywords"] == zenodo["keywords"] == citation["keywords"] == project["keywords"]
    assert codemeta["description"] == " ".join(citation["abstract"].split())
    assert zenodo["description"] == f"<p>{codemeta['description']}</p>"
    assert codemeta["license"].endswith(f"/{citation['license']}")
    assert zenodo["license"] == citation["license"] == "MIT"
    assert codemeta["softwareRequirements"] == project["dependencies"]


def test_the_paper_is_named_alike(codemeta, zenodo, citation):
    reference, (paper,) = codemeta["referencePublication"], citation["references"]
    assert reference["name"] == paper["title"]
    assert reference["url"] == paper["url"] == "https://arxiv.org/abs/2605.03751"
    assert [person["familyName"] for person in reference["author"]] == [
        person["family-names"] for person in paper["authors"]
    ]
    (related,) = zenodo["related_identifiers"]
    assert related["identifier"] == reference["identifier"] == paper["identifiers"][0]["value"]


def test_the_changelog_has_the_form_it_names():
    headings = re.findall(r"^(##+) (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    versions = [title for level, title in headings if level == "##"]
    assert versions[0] == "[Unreleased]"
    dated = [
        re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d)", title) for title in versions[1:]
    ]
    assert all(dated)
    dates = [found[1] for found in dated]
    assert dates == sorted(dates, reverse=True)
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert {title for level, title in headings if level == "###"} <= kinds


# --------------------------------------------------------------------------- what can be checked


def test_codecheck_has_the_form_of_its_rules():
    """Those of configuration 2.0 that its author can fulfil; the rest is a codechecker's."""
    text = read("codecheck.yml")
    assert text.startswith("%YAML 1.1\n---\n")
    known = yaml.safe_load(text)
    assert known["version"] == "https://codecheck.org.uk/spec/config/2.0/"
    assert known["paper"]["title"]
    assert all(author["name"] for author in known["paper"]["authors"])
    assert not re.search(r"FIXME|TODO|XXX", text)


def test_manifest_files_exist_and_say_how_they_are_made(manifest):
    files = [item["file"] for item in manifest]
    assert len(set(files)) == len(files)
    targets = re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE)
    for item in manifest:
        assert (ROOT / item["file"]).is_file(), item["file"]
        (command,) = re.findall(r"`(.+?)`", item["comment"])
        tool, program, *rest = command.split()
        assert (tool == "make" and program in targets) or (
            tool == "python" and (ROOT / program).is_file()
        ), command
        options = [word for word in rest if word.startswith("--")]
        assert all(option.removeprefix("--") in read(program) for option in options), command
        assert program != "tools/notebooks.py" or rest == [item["file"]], command


def test_every_chapter_is_in_the_manifest(manifest):
    chapters = {path.name for path in BOOK.glob("*.ipynb")}
    assert {Path(item["file"]).name for item in manifest} >= chapters


def test_pages_name_commands_and_files_that_exist():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    for page in ("book/reproduce.md", "book/figures.md", "CONTRIBUTING.md", "README.md"):
        text = read(page)
        assert set(re.findall(r"[`$] ?make ([a-z-]+)", text)) <= targets
        for path in re.findall(r"python ((?:data|tools|benchmarks)/[\w/]+\.py)", text):
            assert (ROOT / path).is_file(), f"{page}: {path}"


def test_workflows_need_an_address_only():
    """No secret, no other host, and only commands that a reader can run too."""
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    found = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
    assert [path.stem for path in found] == ["pages", "test"]
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert "secrets." not in text
        assert "://" not in text
        steps = [s for job in yaml.safe_load(text)["jobs"].values() for s in job["steps"]]
        assert all(step["uses"].startswith("actions/") for step in steps if "uses" in step)
        commands = [step["run"].split() for step in steps if "run" in step]
        assert {target for program, target, *_ in commands if program == "make"} <= targets


# --------------------------------------------------------------------------- licences


def packages():
    for name in INSTANCES:
        yield name, json.loads(read(f"data/{name}/datapackage.json"))


def test_licences_beside_the_data_are_those_of_the_tables():
    page = read("data/LICENSES.md")
    for name, package in packages():
        part = page[page.index(f"\n## {name}\n") :]
        for resource in package["resources"]:
            licence = resource.get("licenses", [{"name": package["licence"]}])[0]["name"]
            path = f"all of `{name}/`" if name == "default" else f"`{resource['path']}`"
            (row,) = (line for line in part.splitlines() if line.startswith(f"| {path} | "))
            assert row.split(" | ")[1] == licence
            for told in ("Electricity Maps, https://", "Contains BMRS data", "AEMO aggregated"):
                if any(told in source["title"] for source in resource.get("sources", [])):
                    assert told in row


def test_the_package_names_every_licence_of_what_it_carries(project):
    licences = {"MIT", "CC-BY-4.0"}
    for _, package in packages():
        licences |= set(package["licence"].split(" AND "))
    assert set(project["license"].split(" AND ")) == licences
    texts = [path for pattern in project["license-files"] for path in ROOT.glob(pattern)]
    named = {path.stem for path in texts}
    spdx = {name for name in licences if not name.startswith("LicenseRef-")}
    assert spdx - {"MIT"} <= named
    assert {"LICENSE", "LICENSES"} <= named
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


# --------------------------------------------------------------------------- references


def cited(pages):
    keys = (re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text) for text in pages.values())
    return {key.strip() for found in keys for group in found for key in group.split(",")}


def test_every_reference_is_cited_and_every_citation_has_one(prose):
    entries = re.findall(r"^@\w+\{(\S+),$", read("book/references.bib"), re.MULTILINE)
    assert len(entries) == len(set(entries))
    assert cited(prose) == set(entries)


def test_all_twenty_references_of_the_paper_are_placed(prose):
    numbers = re.findall(r"\[(\d+)\] \{cite\}`", prose["related-work"])
    assert sorted(map(int, numbers)) == list(range(1, 21))


def test_the_journal_paper_has_its_form_and_cites_what_is_in_the_bibliography():
    _, head, body = read("paper.md").split("---\n", 2)
    about = yaml.safe_load(head)
    assert {"title", "tags", "authors", "affiliations", "date", "bibliography"} == set(about)
    entries = re.findall(r"^@\w+\{(\S+),$", read(about["bibliography"]), re.MULTILINE)
    assert set(re.findall(r"@([a-z]+\d{4}[a-z]*)", body)) <= set(entries)
    assert re.findall(r"^# (.+)$", body, re.MULTILINE) == [
        "Summary",
        "Statement of need",
        "State of the field",
        "Software design",
        "Research impact statement",
        "AI usage disclosure",
        "Acknowledgements",
        "References",
    ]
    assert 750 <= len(body.split()) <= 1750


# --------------------------------------------------------------------------- pages of reference


def test_the_index_of_figures_is_up_to_date(prose):
    assert prose["figures"] == reference_pages.figures(), "run `make pages`"


def test_the_glossary_is_up_to_date_and_complete(prose):
    page = prose["glossary"]
    assert page == reference_pages.glossary(), "run `make pages`"
    terms = re.findall(r"^(\S.*)\n  \S", page, re.MULTILINE)
    assert len(terms) == len(set(terms))
    assert {*PARAMETERS, *DECISIONS, *DIMENSIONS} <= set(terms)
    assert all(f"`{name}`" in page for name in (*PRICES, *METHODS))
    words = page[: page.index(reference_pages.MARK)]
    explained = {term.lower() for term in terms}
    assert {used.lower() for used in re.findall(r"\{term\}`([^`]+)`", words)} <= explained


@pytest.mark.parametrize(
    ("given", "links"),
    [("8-10", "{eq}`eq-8` to {eq}`eq-10`"), ("5, 7", "{eq}`eq-5`, {eq}`eq-7`"), ("all", "all")],
)
def test_equations_of_the_glossary_are_links(given, links):
    assert reference_pages.equations(given) == links


def test_data_of_a_figure_are_what_the_code_reads():
    code = ['cs.load("../data/default")', 'f"../data/results/real-week/{m}.nc"', "cs.generate()"]
    assert reference_pages.data_of(code) == (
        "`data/default`, `data/results/real-week/*.nc`, instances that `generate` draws"
    )
    assert reference_pages.data_of(['cs.example("real-week")']) == "`data/real-week`"
    assert reference_pages.data_of(['sys.path.insert(0, "../data/scripts")']) == (
        "numbers that the chapter draws"
    )


def test_files_that_figures_name_exist(prose):
    named = re.findall(r"`((?:data|benchmarks)/[^`*]+)", prose["figures"])
    assert named
    assert all((ROOT / path).exists() for path in named)


def test_no_placeholder_reaches_a_reader(prose):
    """Only the journal's form has some, and the guide names it."""
    left = re.compile(r"TO BE (?:NAMED|WRITTEN)|DATE OF SUBMISSION|FIXME|TODO|TBD|lorem ipsum")
    files = [
        "README.md",
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "data/README.md",
        "data/LICENSES.md",
    ]
    files += ["CITATION.cff", "codemeta.json", ".zenodo.json", "codecheck.yml"]
    texts = prose | {name: read(name) for name in files}
    assert [name for name, text in texts.items() if left.search(text)] == []
    assert len(left.findall(read("paper.md"))) == 5
