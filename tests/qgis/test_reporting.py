"""What reports are made of: pages that need nothing else, layouts that users edit, maps that come out the same."""

import datetime
import gc
import re
import subprocess
import weakref
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from qgis.core import QgsGeometry, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtGui import QImage

from aze_plugin.domain.errors import AzeError, Cancelled
from aze_plugin.domain.progress import Progress
from aze_plugin.services.reporting import charts, layout, maps, sheet, symbols
from aze_plugin.services.reporting import template as templates
from aze_plugin.services.reporting.html import Page, Rich, is_link

DAY = datetime.date(2026, 11, 21)


def square(x, y, half):
    return bytes(QgsGeometry.fromRect(QgsRectangle(x - half, y - half, x + half, y + half)).asWkb())


def content():
    return maps.MapContent(
        [
            maps.Group("pa", "Protected area", [("", square(38.2, 9.1, 0.2))]),
            maps.Group("site", "Site", [("A", square(38, 9, 0.1)), ("B", square(38.6, 9.4, 0.1))]),
            maps.Group("none", "Unprotected", [maps.spot("ጣና ሐይቅ", 38.6, 9.4)], labelled=True),
            maps.Group("partial", "Nothing of this kind", []),
        ],
        [37.9, 8.9, 38.7, 9.5],
    )


def pdf_text(path):
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


# ------------------------------------------------------------------------------------------------------------- HTML


class Reader(HTMLParser):
    """Tags and their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_a_page_escapes_what_it_is_given_and_loads_nothing():
    page = Page('<b>"Title"</b>', subtitle="<i>", contents="Contents")
    page.heading(2, "A & B")
    page.heading(2, "Second")
    page.paragraph("<script>alert(1)</script>\x00")
    page.table(["<h>"], [[Rich("Azea alba", italic=True)], ["<img src=x onerror=alert(1)>"]], caption="<c>")
    page.items([Rich("link", link="javascript:alert(1)"), Rich("good", link="https://example.org/?a=1&b=2")])
    page.facts([("<l>", "<v>")])
    page.picture(b"png", 'alt "text"', "caption")
    page.chart(charts.cover(50, 0, "Cover & more"), "chart")
    html = page.render()
    read = Reader(html)
    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "link", "iframe", "object", "base"}
    assert [a["src"] for tag, a in read.tags if tag == "img"] == ["data:image/png;base64,cG5n"]
    assert {a["href"] for tag, a in read.tags if tag == "a"} == {"#s1", "#s2", "https://example.org/?a=1&b=2"}
    assert not any(name.startswith("on") for _, attrs in read.tags for name in attrs)
    assert "<script>alert(1)</script>" in read.text and "\x00" not in html
    (policy,) = [a["content"] for tag, a in read.tags if a.get("http-equiv")]
    assert policy.startswith("default-src 'none'")
    assert html == html.encode("utf-8").decode("utf-8")


def test_a_page_can_be_walked_without_eyes():
    page = Page("Title", "ar")
    page.heading(2, "محمية")
    page.table(["Site", "Cover"], [["A", "1 %"]], numbers=(1,))
    read = Reader(page.render())
    assert ("html", {"lang": "ar"}) in read.tags
    assert [a.get("scope") for tag, a in read.tags if tag == "th"] == ["col", "col", "row"]
    assert all(a.get("dir") == "auto" for tag, a in read.tags if tag in ("h1", "h2", "p"))
    assert "main" in {tag for tag, _ in read.tags}


def test_only_addresses_of_the_web_become_links():
    assert is_link("https://a.b") and is_link("#s1")
    for address in ("data:text/html,x", "file:///etc/passwd", "//a.b", "http://[", "javascript:alert(1)"):
        assert not is_link(address)


# ------------------------------------------------------------------------------------------------------------- maps


def test_a_map_is_a_picture_with_its_shapes_the_same_each_time(qgis_app):
    png = maps.picture(content(), 640, 440)
    assert png == maps.picture(content(), 640, 440)
    image = QImage.fromData(png)
    assert (image.width(), image.height()) == (640, 440)
    colours = {image.pixelColor(x, y).name() for x in range(0, 640, 2) for y in range(0, 440, 2)}
    assert any(int(c[3:5], 16) > int(c[1:3], 16) + 20 and int(c[3:5], 16) > int(c[5:7], 16) for c in colours), "green"
    assert "#111111" in colours


def test_a_focus_across_180_degrees_is_small():
    assert maps.focus_on([[178, -20, 179, -19], [-179, -18, -178, -17]]) == [178, -20, -178, -17]
    assert maps.focus_on([[10, 0, 20, 5], [30, 6, 40, 8]]) == [10, 0, 40, 8]
    crs, extent = maps.frame(maps.MapContent([], [178, -20, -178, -17]), 1.5)
    assert extent.width() == pytest.approx(1.5 * extent.height())
    # Four degrees at 18° south, in metres.
    assert extent.width() < 2 * 4 * 111_320


def test_the_world_is_shown_in_equal_earth(qgis_app):
    crs, extent = maps.frame(maps.MapContent([], [-170, -50, 170, 70]), 1.6)
    assert crs.authid() == "EPSG:8857"
    assert extent.width() > 20e6


@pytest.mark.parametrize(
    "style, kind, shape",
    [
        ("candidates", "subject", "MultiPolygon"),
        ("gaps", "gap", "MultiPolygon"),
        ("sites", "site", "MultiPolygon"),
        ("protected_points", "pa_point", "MultiPoint"),
        ("edges_lines", "edge_line", "MultiLineString"),
        ("base", "ground", "MultiPolygon"),
    ],
)
def test_the_panels_styles_are_written_of_the_symbols_that_reports_share(qgis_app, style, kind, shape):
    from aze_plugin import paths

    layer = QgsVectorLayer(f"{shape}?crs=EPSG:4326", "styled", "memory")
    _, loaded = layer.loadNamedStyle(str(paths.resource("styles", f"{style}.qml")))
    assert loaded and layer.renderer().symbol().dump() == symbols.shown(kind).dump()


# ----------------------------------------------------------------------------------------------------------- layouts


def filled(path, rows=120, progress=None, template=None):
    report = layout.Report("country", progress, template)
    report.fill({"title": "Title [% 1 + 1 %]", "subtitle": "ኢትዮጵያ", "foot": "Sources"})
    report.show_map(content())
    report.heading("Heading [% 1 + 1 %]")
    report.paragraph("word " * 900)
    report.chart(charts.cover(38, 4, "Cover", texts=("Protected areas 38 %", "OECMs 4 %", "Open 58 %")))
    cells = [[f"Site {n}", "محمية الغابة" if n % 2 else "ป่าดงดิบเขาใหญ่", f"{n} %", "x" * (n % 90)] for n in range(rows)]
    report.table(["Site", "Name", "Cover", "Long"], cells, [2, 3, 1, 3], numbers=(2,))
    return report.export(path, DAY)


def test_text_and_tables_run_over_pages_whole_and_in_order(qgis_app, tmp_path):
    path = tmp_path / "report.pdf"
    pages = filled(path)
    text = pdf_text(path)
    assert pages >= 4 and text.count("\f") == pages
    assert [int(n) for n in re.findall(r"\bSite (\d+)\b", text)] == list(range(120))
    assert text.count("word") == 900
    # The head of the table stands on each of its pages, the foot and the number on every page.
    on_pages = text.split("\f")[:-1]
    assert all("Long" in page for page in on_pages if re.search(r"Site \d", page))
    assert all("Sources" in page for page in on_pages)
    assert [re.findall(r"(\d+)\s*/\s*(\d+)", page)[-1] for page in on_pages] == [
        (str(n + 1), str(pages)) for n in range(pages)
    ]


def test_a_long_title_is_set_smaller_and_stays_whole(qgis_app, tmp_path):
    report = layout.Report("country")
    title = "AZE sites of the United Kingdom of Great Britain and Northern Ireland and of its territories overseas"
    report.fill({"title": title, "subtitle": "x", "foot": "x"})
    report.export(tmp_path / "report.pdf", DAY)
    assert " ".join(pdf_text(tmp_path / "report.pdf").split()).startswith(title)


def test_a_dropped_report_ends_at_once(qgis_app):
    """And so on the thread that drops it, not where cycles happen to be collected."""
    for kind, name in ((layout.Report, "country"), (sheet.Sheet, "factsheet")):
        report = kind(name)
        report.begin_table(["Head"], [["Cell"]] * 200, [1])
        report.go_on()
        known = weakref.ref(report)
        gc.disable()
        try:
            del report
            assert known() is None
        finally:
            gc.enable()


def test_few_rows_keep_together_but_leave_no_page_half_empty(qgis_app, tmp_path):
    def pages_of(words):
        report = layout.Report("screening")
        report.fill({"title": "Title", "subtitle": "x", "foot": "x"})
        for n in range(16):
            report.paragraph(f"Line {n}")
        report.table(["Row", "Words"], [[f"R{n}", "word " * words] for n in range(6)], [1, 4])
        report.export(tmp_path / "report.pdf", DAY)
        pages = pdf_text(tmp_path / "report.pdf").split("\f")
        return [next(n for n, page in enumerate(pages) if f"R{row}" in page.split()) for row in range(6)]

    # Six low rows fit below the lines; of high ones some stay there; of middling ones all go on the next page.
    assert pages_of(3) == [0] * 6
    assert pages_of(50) == [1] * 6
    high = pages_of(150)
    assert high[0] == 0 and high[-1] == 1


@pytest.mark.parametrize("lines", range(8, 14))
def test_headings_stand_on_the_page_of_what_follows_them(qgis_app, lines, tmp_path):
    report = layout.Report("country")
    report.fill({"title": "Title", "subtitle": "x", "foot": "x"})
    for n in range(lines):
        report.paragraph(f"Line {n}")
    report.heading("Heading")
    report.heading("Subheading", 2)
    report.table(["Head"], [["Cell"]] * 12, [1])
    report.export(tmp_path / "report.pdf", DAY)
    pages = pdf_text(tmp_path / "report.pdf").split("\f")
    first = [
        next(n for n, page in enumerate(pages) if word in page.split()) for word in ("Heading", "Subheading", "Cell")
    ]
    assert len(set(first)) == 1


@pytest.mark.parametrize("title", ["W" * 300, "Reserve " * 300, "ป่าดงดิบเขาใหญ่" * 40])
def test_a_title_that_no_size_of_letters_makes_fit_stays_in_its_place(qgis_app, title, tmp_path):
    report = layout.Report("country")
    report.fill({"title": title, "subtitle": "Below it", "foot": title})
    report.export(tmp_path / "report.pdf", DAY)
    places = subprocess.run(["pdftotext", "-bbox", str(tmp_path / "report.pdf"), "-"], capture_output=True, check=True)
    words = re.findall(r'xMax="([\d.]+)" yMax="([\d.]+)">([^<]*)<', places.stdout.decode())
    begun = [w for w in words if w[2].strip() and w[2][:2] in title]
    below = next(float(y) for _, y, word in words if word == "Below")
    assert begun and max(float(x) for x, _, _ in words) < 210 / 25.4 * 72
    assert sorted(float(y) for _, y, word in begun)[0] < below
    assert all(float(y) < below for _, y, word in begun if float(y) < 200)


def test_what_was_given_is_written_and_not_worked_out(qgis_app, tmp_path):
    path = tmp_path / "report.pdf"
    filled(path, rows=1)
    text = pdf_text(path).replace("\u200b", "")
    assert "Title [% 1 + 1 %]" in text and "Heading [% 1 + 1 %]" in text


def test_the_same_content_gives_the_same_bytes_and_no_date_of_today(qgis_app, tmp_path):
    one, two = tmp_path / "one.pdf", tmp_path / "two.pdf"
    filled(one, rows=40)
    filled(two, rows=40)
    assert one.read_bytes() == two.read_bytes()
    assert b"(D:20261121000000Z)" in one.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.pdf", "two.pdf"]


def test_the_users_own_layout_comes_before_the_plugins(qgis_app, tmp_path, monkeypatch):
    from aze_plugin import paths

    shipped = paths.resource("layouts", "country.qpt").read_text(encoding="utf-8")
    own = templates.own_path("country")
    assert templates.template_path("country") == paths.resource("layouts", "country.qpt")
    own.parent.mkdir(parents=True, exist_ok=True)
    try:
        own.write_text(shipped.replace("[% @aze_title %]", "Ministry of the Environment"), encoding="utf-8")
        filled(tmp_path / "own.pdf", rows=1)
    finally:
        own.unlink()
    assert "Ministry of the Environment" in pdf_text(tmp_path / "own.pdf")


def test_a_layout_without_any_of_the_items_still_makes_a_report(qgis_app, tmp_path):
    from aze_plugin import paths

    document = ET.fromstring(paths.resource("layouts", "country.qpt").read_text(encoding="utf-8"))
    for element in [e for e in document if e.tag in ("LayoutItem", "LayoutMultiFrame")]:
        document.remove(element)
    bare = ET.tostring(document, encoding="unicode")
    template = tmp_path / "bare.qpt"
    template.write_text(bare, encoding="utf-8")
    report = layout.Report("country", path=template)
    assert report.item("map") is None
    report.fill({"title": "x"})
    report.show_map(content())
    report.heading("Heading")
    report.table(["A"], [["b"]], [1])
    assert report.export(tmp_path / "bare.pdf", DAY) >= 1


@pytest.mark.parametrize("damage", ["", "<not", "<!DOCTYPE x [<!ENTITY a 'b'>]><Layout>&a;</Layout>", "<qgis/>"])
def test_a_damaged_layout_is_an_error_that_names_the_file(qgis_app, tmp_path, damage):
    template = tmp_path / "damaged.qpt"
    template.write_text(damage, encoding="utf-8")
    with pytest.raises(AzeError) as caught:
        layout.Report("country", path=template)
    assert caught.value.code == "layout.template" and caught.value.params["file"] == str(template)


def test_a_cancelled_report_leaves_the_old_one_whole(qgis_app, tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(b"old")
    steps = []

    def asked():
        steps.append(1)
        return len(steps) > 3

    with pytest.raises(Cancelled):
        filled(path, progress=Progress(is_cancelled=asked))
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["report.pdf"]


def test_a_row_taller_than_a_page_goes_on_on_the_next(qgis_app, tmp_path):
    report = layout.Report("country")
    species = "; ".join(f"Species number{n}" for n in range(900))
    report.table(["Site", "Species"], [["A", species], ["B", "x"]], [1, 1])
    assert report.export(tmp_path / "report.pdf", DAY) >= 3
    text = pdf_text(tmp_path / "report.pdf")
    assert [int(n) for n in re.findall(r"number(\d+)", text)] == list(range(900))


def test_lines_end_between_words_and_never_within_a_number(qgis_app, tmp_path):
    report = layout.Report("country")
    long_word = "Taumatawhakatangihangakoauauotamatea" * 3
    texts = ["4.8465, 37.0619", "12\u00a0345.5 ha of forest", "ป่าดงดิบเขาใหญ่ที่มีชื่อยาวมาก", long_word, "", "a\nb"]
    report.table(["Place"] * 6, [texts], [1] * 6)
    report.export(tmp_path / "report.pdf", DAY)
    words = pdf_text(tmp_path / "report.pdf").split()
    assert {"4.8465,", "37.0619", "forest"} <= set(words)
    assert words[words.index("12") + 1] == "345.5"
    # What is longer than a line is parted, and nothing of it is lost.
    parts = [word for word in words if len(word) > 3 and word in long_word]
    assert len(parts) > 1 and "".join(parts) == long_word
