"""The proposal form as a workbook: values come back as they were, in whatever program reads it."""

import copy
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from aze_plugin.packaging import details, form

ROOT = Path(__file__).resolve().parents[2]
SITE, SPECIES = "2. Site data", "3. Biodiversity elements data"
NOTES = 42

TEXTS = {
    "formula": '=HYPERLINK("http://example.org","x")',
    "plus": "+1+1",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab first": "\t=1+1",
    "percent": "95 %",
    "a number": "0012",
    "a date": "2024-05-01",
    "truth": "TRUE",
    "an error": "#REF!",
    "long": "Wörter, viele. " * 667,
    "right to left": "جبل الغيوم — שלום",
    "mixed": "Site جبل (12 ha) ‏של",
    "scripts": "ደብረ ታቦር ภูเขา 山脊 पर्वत",
    "emoji": "🦎🏔️👩‍🔬 ok",
    "combining": "e\u0301 ne\u0301",
    "lines": "one\ntwo\n\nfour",
    "carriage returns": "one\r\ntwo\rthree",
    "space": "  kept  ",
    "markup": "<b>&amp; ]]> \"quoted\" 'too'</b>",
    "looks escaped": "_x0041_ and _x000D_",
}
CONTROL = "bell \x07, vertical tab \x0b, nothing \x00, escape \x1b[31m, last \uffff"


def nomination(**site):
    made = copy.deepcopy(details.schema()["examples"][1])
    made["site"].update(site)
    return made


def written(tmp_path, made, name="form.xlsx"):
    form.write_form(tmp_path / name, made)
    return tmp_path / name


@pytest.mark.parametrize("name", TEXTS)
def test_texts_come_back_as_they_were(tmp_path, name):
    path = written(tmp_path, nomination(notes=TEXTS[name]))
    cell = load_workbook(path)[SITE].cell(5, NOTES)
    assert cell.data_type == "s"
    # What looks like the workbooks' own notation for a character is marked as text, and read back by it.
    assert unescape(cell.value) == TEXTS[name]
    if name != "looks escaped":
        assert cell.value == TEXTS[name]


def test_control_characters_are_kept_in_the_notation_of_workbooks(tmp_path):
    """XML has no place for them; the standard (ECMA-376, ST_Xstring) writes their number, and readers turn it back."""
    value = load_workbook(written(tmp_path, nomination(notes=CONTROL)))[SITE].cell(5, NOTES).value
    assert "\x07" not in value and unescape(value) == CONTROL


def test_there_is_no_formula_no_link_and_no_date_anywhere(tmp_path):
    made = nomination(**dict.fromkeys(("notes", "description", "rationale", "state"), TEXTS["formula"]))
    path = written(tmp_path, made)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            assert not re.search(rb"<(\w+:)?f[ >/]", content), name
            assert b"hyperlink" not in content.lower() or b"HYPERLINK(" in content, name
            ElementTree.fromstring(content)
        assert not [n for n in archive.namelist() if "calcChain" in n or "external" in n or "vba" in n]


def test_numbers_are_numbers(tmp_path):
    made = nomination(area_km2=84.0819, latitude=-26.753)
    page = load_workbook(written(tmp_path, made))[SITE]
    assert page.cell(5, 20).value == 84.0819 and page.cell(5, 20).data_type == "n"
    assert page.cell(5, 21).value == -26.753


def test_a_text_beyond_what_a_cell_holds_is_cut_between_characters(tmp_path):
    """32,767 characters, counted as spreadsheets do: a lizard is two."""
    value = load_workbook(written(tmp_path, nomination(notes="x" + "🦎" * 20000)))[SITE].cell(5, NOTES).value
    assert value == "x" + "🦎" * 16383


def test_the_same_nomination_gives_the_same_bytes_in_any_order_and_at_any_time(tmp_path):
    made = nomination()
    turned = json.loads(json.dumps(made, sort_keys=True))
    first = written(tmp_path, made, "a.xlsx").read_bytes()
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]);"
        "from pathlib import Path; from aze_plugin.packaging import form;"
        "form.write_form(Path(sys.argv[3]), json.loads(Path(sys.argv[2]).read_text()))"
    )
    (tmp_path / "n.json").write_text(json.dumps(turned), encoding="utf-8")
    for zone in ("Pacific/Kiritimati", "America/Lima"):
        target = tmp_path / f"{zone[-4:]}.xlsx"
        command = [sys.executable, "-c", script, str(ROOT), str(tmp_path / "n.json"), str(target)]
        subprocess.run(command, check=True, timeout=240, env={"TZ": zone, "LC_ALL": "C", "PYTHONHASHSEED": "7"})
        assert target.read_bytes() == first


def test_species_ecosystems_and_threats_stand_in_their_rows(tmp_path):
    made = nomination()
    made["biodiversity"]["ecosystems"] = [
        {"ecosystem_name": "Cloud forest", "ecosystem_code": "T1.3", "ecosystem_date": "2023-06-30"}
    ]
    made["threats"]["threats"].append({"ecosystem": "T1.3", "level_1": "11. Climate change and severe weather"})
    workbook = load_workbook(written(tmp_path, made))
    species, threats = workbook[SPECIES], workbook["6. Threats data"]
    assert [species.cell(5, c).value for c in (1, 2, 3, 8, 29, 30)] == [
        "98001",
        "AZ-SER",
        "Serrata Highlands",
        "Lacustrina caeca",
        12,
        "Ten pairs that spawn.",
    ]
    assert species.cell(5, 48).value is None
    assert [species.cell(6, c).value for c in (8, 48, 49, 55)] == [None, "T1.3", "Cloud forest", "30/06/2023"]
    assert [threats.cell(4, c).value for c in (7, 10, 11, 12)] == [
        "Lacustrina caeca",
        "9. Pollution",
        "9.3 Agricultural and forestry effluents",
        "9.3.1 Nutrient loads",
    ]
    assert [threats.cell(6, c).value for c in (7, 8, 9, 10)] == [
        None,
        "T1.3",
        "Cloud forest",
        "11. Climate change and severe weather",
    ]


def test_actions_stand_beside_each_other_by_their_deepest_level(tmp_path):
    page = load_workbook(written(tmp_path, nomination()))["4. Conservation Actions"]
    assert page.cell(3, 4).value == "1.1 Site or area protection: Patrols of the plateau by the reserve's warden."
    assert page.cell(3, 5).value == "1.1 Site or area protection: Extend the reserve to the foot of the escarpment."
    assert page.cell(4, 4).value is None
    assert page.cell(4, 5).value == "3.4.2 Genome resource bank: Seed collection of Expulsina vera."


OFFICE = shutil.which("soffice") or shutil.which("libreoffice")


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_reads_every_value_as_it_was(tmp_path):
    """Through LibreOffice's own tables (flat ODS), cell by cell, texts that look like formulas or numbers included."""
    keys = ("own_code", "national_name", "country", "state", "location_note", "rationale", "description")
    texts = [text for name, text in TEXTS.items() if name not in ("carriage returns", "tab first")]
    # What LibreOffice itself does to a text when it is opened: line ends become its own, a tab stays.
    cells, columns = [], {"own_code": 2, "national_name": 4, "country": 5, "state": 19, "location_note": 25}
    columns |= {"rationale": 30, "description": 31}
    forms = {}
    for start in range(0, len(texts), len(keys)):
        some = dict(zip(keys, texts[start : start + len(keys)]))
        forms[written(tmp_path, nomination(area_km2=84.0819, **some), f"form{start}.xlsx")] = some
    command = [OFFICE, "--headless", f"-env:UserInstallation=file://{tmp_path}/office", "--convert-to", "fods"]
    command += ["--outdir", str(tmp_path), *map(str, forms)]
    subprocess.run(command, check=True, timeout=280, capture_output=True)
    for path, some in forms.items():
        table = _table(path.with_suffix(".fods"), SITE)
        cells += [(key, text, table[5][columns[key]]) for key, text in some.items()]
        assert table[5][20] == ("float", "84.0819")
    for key, text, (kind, value) in cells:
        assert (kind, value) == ("string", text), key


_NAMES = {
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}


def _table(path, title):
    """Type and text of every cell of a sheet of a flat ODS, by row and column from 1; formulas are refused."""

    def name(prefix, local):
        return f"{{{_NAMES[prefix]}}}{local}"

    def text_of(element):
        said = element.text or ""
        for child in element:
            if child.tag == name("text", "s"):
                said += " " * int(child.get(name("text", "c"), "1"))
            elif child.tag == name("text", "tab"):
                said += "\t"
            elif child.tag == name("text", "line-break"):
                said += "\n"
            elif child.tag not in (name("office", "annotation"),):
                said += text_of(child)
            said += child.tail or ""
        return said

    found = {}
    root = ElementTree.parse(path).getroot()
    sheet = next(t for t in root.iter(name("table", "table")) if t.get(name("table", "name")) == title)
    row_number = 0
    for row in sheet.iter(name("table", "table-row")):
        row_number += 1
        column = 0
        for cell in row:
            if cell.tag not in (name("table", "table-cell"), name("table", "covered-table-cell")):
                continue
            assert cell.get(name("table", "formula")) is None
            column += 1
            kind = cell.get(name("office", "value-type"))
            value = cell.get(name("office", "value"))
            if kind == "string":
                value = "\n".join(text_of(p) for p in cell.findall("text:p", _NAMES))
            found.setdefault(row_number, {})[column] = (kind, value)
            column += int(cell.get(name("table", "number-columns-repeated"), "1")) - 1
        row_number += int(row.get(name("table", "number-rows-repeated"), "1")) - 1
    return found
