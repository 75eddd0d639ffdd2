"""What stands beside a project file: whose it is, how it is written, and faults with its name."""

from __future__ import annotations

from unicodedata import normalize

import openpyxl
import pytest

HEAD = "title: T\nhorizon: {start: 2025-06-02 00:00, periods: 4, zone: UTC}\n"
SITE = "sites:\n  a: {it_capacity: 5 MW, price: 60, carbon_intensity: 0.3}\n"
MUNICH = "m\u00fcnchen"
APART = normalize("NFD", MUNICH)
LOG = "TIMESTAMP,ContextTokens,GeneratedTokens\n" + "".join(
    f"2025-06-02 0{hour}:{minute},9,1\n" for hour in range(4) for minute in ("00:00", "59:59")
)
JOBS = "job,arrival,duration_h,power_kw\nj,2025-06-02 00:00,1,500\n"
THREE = HEAD + SITE + """\
jobs:
  - {file: jobs.csv, profile: jobs, zone: UTC, reward: 5%s}
services:
  s:
    home: a
    power_per_unit: 0.1
    demand: {requests: log.csv, profile: azure-llm%s}
latency: {file: far.csv%s}
"""  # fmt: skip


def test_ones_own_logs_and_latencies_are_credited_as_said(built):
    own = ", source: our %s, licence: ours"
    files = {"jobs_csv": JOBS, "log_csv": LOG, "far_csv": "origin,a\na,5\n"}
    made = built(THREE % tuple(own % what for what in ("cluster", "API", "network")), **files)
    said = {source.file: (source.source, source.licence) for source in made.sources}
    assert said == {
        "jobs.csv": ("our cluster", "ours"),
        "log.csv": ("our API", "ours"),
        "far.csv": ("our network", "ours"),
    }
    assert made.instance.data.demand.attrs["source"] == "our API"
    assert made.instance.data.latency.attrs["licence"] == "ours"
    shipped = built(THREE % ("", "", ""), **files)
    assert "Microsoft" in next(s.source for s in shipped.sources if s.file == "log.csv")


def test_every_fault_of_a_file_names_it(faults):
    found = faults(
        THREE % ("", "", ""),
        jobs_csv=JOBS.replace("500", "x"),
        log_csv=LOG.replace("2025-06-02 01:00:00", "soon"),
        far_csv="origin,a\na,y\n",
    )
    assert found == (
        "fleet.yaml, line 6: jobs[1].file: jobs.csv: row 2, column 'power_kw': 'x' is no number "
        "with decimal '.'",
        "fleet.yaml, line 11: services.s.demand: log.csv: row 4, column 'TIMESTAMP': 'soon' is no "
        "time of the form YYYY-MM-DD hh:mm",
        "fleet.yaml, line 12: latency.file: far.csv: row 2, column 'a': 'y' is no number with "
        "decimal '.'",
    )
    (missing, *_) = faults(THREE % ("", "", ""), log_csv=LOG, far_csv="origin,a\na,5\n")
    assert missing.startswith("fleet.yaml, line 6: jobs[1].file: jobs.csv: ")


def test_decimal_commas_are_read_where_they_are_said(built, faults):
    files = {"log_csv": LOG, "jobs_csv": JOBS.replace(",", ";").replace("500", "0,5")}
    comma = {**files, "far_csv": "origin;a\na;5,5\n"}
    marks = ', decimal: ","'
    made = built(THREE % (marks, "", marks), **comma)
    assert made.instance.data.latency.item() == 5.5
    assert made.instance.data.power.item() == 0.0005
    cure = "its cells are numbers if you say decimal: ','"
    found = faults(THREE % ("", "", ""), **comma)
    assert sum(told.endswith(cure) for told in found) == 2
    text = HEAD + SITE.replace("price: 60", "price: {file: p.csv, zone: UTC%s}")
    rows = "time;x [USD/MWh]\n" + "".join(f"2025-06-02 0{h}:00;{1 + h}.100,5\n" for h in range(4))
    assert faults(text % "", p_csv=rows)[-1].endswith(f"{cure} and thousands: '.'")
    marks = ', decimal: ",", thousands: ".", times: 0.125'
    data = built(text % marks, p_csv=rows).instance.data
    assert data.import_price.values.tolist() == [[137.5625, 262.5625, 387.5625, 512.5625]]


def test_a_name_is_the_same_however_its_letters_are_made(built, tmp_path):
    (tmp_path / f"{APART}.csv").write_text(
        f"time,{APART} [USD/MWh]\n" + "".join(f"2025-06-02 0{h}:00,{h + 40}\n" for h in range(4)),
        encoding="utf-8",
    )
    (tmp_path / "far.csv").write_text(f"origin,{MUNICH}\n{APART},5\n", encoding="utf-8")
    made = built(
        HEAD
        + f"sites:\n  {MUNICH}:\n    it_capacity: 5 MW\n    carbon_intensity: 0.3\n"
        + "    zone: Europe/Berlin\n"
        + f"    price: {{file: {MUNICH}.csv, zone: UTC, column: {MUNICH}}}\n"
        + f"jobs:\n  j: {{power: 1, duration: 1, reward: 1, allowed: [{APART}]}}\n"
        + f"services:\n  s: {{home: {APART}, demand: 1, power_per_unit: 0.1}}\n"
        + "latency: {file: far.csv}\n"
    )
    assert made.instance.data.import_price.values.tolist() == [[40, 41, 42, 43]]
    assert made.instance.data.home.item() == MUNICH and made.instance.data.latency.item() == 5


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("munchen", "no site munchen: did you mean m\u00fcnchen? (there with latin small letter u"),
        ("m\u00fcnch\u0435n", "(here with cyrillic small letter ie)"),
        ("m\u00fcnchen\u200b", "(here with zero width space)"),
    ],
)
def test_names_that_look_alike_say_by_which_letter_they_differ(faults, name, told):
    site = SITE.replace("  a:", f"  {MUNICH}:")
    job = f"jobs:\n  j: {{power: 1, duration: 1, reward: 1, allowed: [{name}]}}\n"
    (found,) = faults(HEAD + site + job)
    assert found.startswith("fleet.yaml, line 6: jobs.j.allowed: no site ") and told in found


def test_a_unit_in_the_head_and_in_the_cell_is_told_with_both(faults):
    table = (
        "name,it_capacity [MW],price,carbon_intensity [g/kWh],battery.energy [MWh],battery.charge\n"
    )
    rows = "a,500 kW,60,300,none,\nb,5,60,0.3 kg/kWh,1e1,2\nc,5.5,60,300,,\n"
    found = faults(HEAD + "sites: {file: sites.csv}\n", sites_csv=table + rows)
    assert found[:2] == (
        "sites.csv, row 2: column it_capacity: '500 kW' has its unit, and the head says [MW]: "
        "leave one",
        "sites.csv, row 3: column carbon_intensity: '0.3 kg/kWh' has its unit, and the head says "
        "[g/kWh]: leave one",
    )
    assert len(found) == 2


def plant(said):
    return (
        HEAD
        + "sites:\n  a:\n    it_capacity: 5\n    price: 60\n    carbon_intensity: 0\n"
        + f"    generation:\n      sun:\n        capacity: 3 MW\n        {said}\n"
    )


PVGIS = "Nominal power of the PV system (c-Si) (kWp):\t{}\n\ntime,P,G(i)\n" + "".join(
    f"20250602:0{hour}10,{{}},0\n" for hour in range(4)
)
NINJA = (
    '# {{"units": {{"electricity": "kW"}}, "params": {{"capacity": {}, "raw": false}}}}\n'
    "time,local_time,electricity\n"
) + "".join(f"2025-06-02 0{hour}:00,x,{{}}\n" for hour in range(4))


def test_the_size_of_a_plant_is_held_against_what_its_file_says(built, faults):
    def said(rated, more=""):
        return plant(f"rated: {rated}\n        output: {{file: f.csv, profile: pvgis{more}}}")

    where = "fleet.yaml, line 11: sites.a.generation.sun.rated"
    rows = PVGIS.format("5.0", *[2500] * 4)
    made = built(said("5 kW"), f_csv=rows)
    assert made.instance.data.generation_available.values.tolist() == [[1.5] * 4]
    assert faults(said("1 kW"), f_csv=rows) == (
        f"{where}: 1 kW, but the file says that its output is of a plant of 5 kW",
    )
    assert built(said("10 kW", ", times: 2"), f_csv=rows).instance.data.equals(made.instance.data)
    silent = rows.replace("Nominal power", "Power")
    assert faults(said("1 kW"), f_csv=silent) == (
        f"{where}: 1 kW, but the output reaches 2.5 kW: of which size is its plant?",
    )


def test_power_where_a_share_is_expected_says_how_to_give_it(built, faults):
    rows = NINJA.format(2.5, *[1] * 4)
    (told,) = faults(plant("factor: {file: f.csv, profile: renewables-ninja}"), f_csv=rows)
    assert told == (
        "fleet.yaml, line 11: sites.a.generation.sun.factor: f.csv: column 'electricity' is power, "
        "in kW, and `factor` a share: name the file as `output`, and beside it say `rated: 2.5 "
        "kW`, the size of the plant that it is of"
    )
    cured = plant("output: {file: f.csv, profile: renewables-ninja}\n        rated: 2.5 kW")
    made = built(cured, f_csv=rows)
    assert made.instance.data.generation_available.values == pytest.approx(1.2)


def test_a_share_is_read_in_the_unit_that_its_head_says(built, faults):
    rows = "time,sun [%%]\n" + "".join(f"2025-06-02 0{h}:00,50\n" for h in range(4))
    text = plant("factor: {file: f.csv, zone: UTC}")
    data = built(text, f_csv=rows.replace("%%", "%")).instance.data
    assert data.generation_available.values.tolist() == [[1.5] * 4]
    assert "is power, in kW" in faults(text, f_csv=rows.replace("%%", "kW"))[0]


def test_what_cannot_be_read_is_no_fault_of_those_that_lean_on_it(faults, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["name", "it_capacity", "price", "carbon_intensity"])
    book.active.append(["a", 5, 60, 0.3])
    book.save(tmp_path / "book.xlsx")
    text = (
        HEAD.replace("{", "{{").replace("}", "}}")
        + "sites: {{file: book.xlsx, sheet: {}}}\n"
        + "jobs:\n  j: {{power: 1, duration: 1, reward: 1, allowed: [{}]}}\n"
        + "services:\n  s: {{home: a, demand: 1, power_per_unit: 0.1}}\n"
    )
    (told,) = faults(text.format("Sites", "a"))
    assert (
        told == "fleet.yaml, line 3: book.xlsx, sheet Sites: it has no sheet 'Sites', but 'Sheet'"
    )
    book.create_sheet("Notes").append(["made by hand"])
    book.save(tmp_path / "book.xlsx")
    (told,) = faults(text.format("Notes", "a"))
    assert told.endswith("; the sheets are 'Sheet', 'Notes': say which `sheet`")
    (told,) = faults(text.format("Sheet", "b"))
    assert told == "fleet.yaml, line 5: jobs.j.allowed: no site b: there are a"
    plants = plant(
        "factor: {file: no.csv}\n        cost: {file: no.csv}\n      gas: {available: 1}"
    )
    assert faults(plants) == (
        "fleet.yaml, line 11: sites.a.generation.sun.factor, sites.a.generation.sun.cost: no.csv: "
        "missing",
    )


ASKED = {
    "profile: azure-llm": (
        "profile: azure-lm",
        "log.csv: profile azure-lm: no such profile 'azure-lm': did you mean azure-llm?",
    ),
    "profile: jobs": ("profile: my.toml", "jobs.csv: profile my.toml: missing"),
    "latency: {file: far.csv}": (
        "latency: far.csv",
        "latency: 'far.csv' is no amount: of a file, write {file: far.csv}",
    ),
    "reward: 5": ("reward: 5, kw_per_gpu: 5 MWh", "kw_per_gpu: MWh is not kW: they measure"),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_wrongly_names_what_is_wrong(faults, name):
    wrong, told = ASKED[name]
    text = (THREE % ("", "", "")).replace(name, wrong)
    (found,) = faults(text, jobs_csv=JOBS, log_csv=LOG, far_csv="origin,a\na,5\n")
    assert told in found


def test_terms_of_a_log_may_have_their_units(built):
    log = "job,arrival,duration_h,gpus\nj,2025-06-02 00:00,1,10\nk,2025-06-02 00:00,0.5,10\n"
    text = HEAD + SITE + (
        "jobs:\n  - {file: jobs.csv, profile: jobs, zone: UTC, reward: 5, "
        "kw_per_gpu: 700 W, at_least_hours: 45 min}\n"
    )  # fmt: skip
    data = built(text, jobs_csv=log).instance.data
    assert data.job.values.tolist() == ["j"] and data.power.item() == pytest.approx(0.007)


def test_a_table_of_entries_is_credited_as_said(built):
    jobs = "name,power [kW],duration,deadline\nj,500,1,\nk,700,2,2025-06-02 04:00\n"
    text = HEAD + SITE + "jobs: {file: jobs.csv, reward: 5, source: our planners, licence: ours}\n"
    made = built(text, jobs_csv=jobs)
    (table,) = made.sources
    assert (table.entry, table.file, table.licence) == ("jobs", "jobs.csv", "ours")
    assert table.quantities == ("power", "duration", "deadline")
    assert made.instance.data.power.attrs["source"] == "our planners"
    assert "source" not in made.instance.data.reward.attrs
    assert (
        built(text.replace(", source: our planners, licence: ours", ""), jobs_csv=jobs).sources
        == ()
    )


def test_logs_may_have_stamps_of_another_form(built, faults):
    files = {
        "jobs_csv": JOBS.replace("2025-06-02", "02/06/2025"),
        "log_csv": LOG.replace("2025-06-02", "06/02/2025"),
        "far_csv": "origin,a\na,5\n",
    }
    said = ", format: '%d/%m/%Y %H:%M'", ", format: '%m/%d/%Y %H:%M:%S'", ""
    data = built(THREE % said, **files).instance.data
    assert data.demand.values.tolist() == [[2] * 4]
    assert str(data.release.values[0])[:13] == "2025-06-02T00"
    text = (THREE % said).replace("profile: jobs,", "profile: jobs-in-seconds, begin: 2025-06-02,")
    (told,) = faults(text, **files)
    assert "format: the log counts time in s, and has no stamps" in told
