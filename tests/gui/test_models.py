"""Models behind the panel's tables, and the bars that are painted from them."""

import csv
import io
import random

import pytest
from effort import calls
from qgis.PyQt.QtCore import QCoreApplication, QModelIndex, QPoint, Qt
from qgis.PyQt.QtGui import QColor, QImage, QPainter, QPalette
from qgis.PyQt.QtWidgets import QTreeView

from aze_plugin.gui.models import protected, species
from aze_plugin.services.figures import percent


def share(parameter="range", segment="resident", best=0.97, low=None, high=None, status="met", **more):
    low, high = best if low is None else low, best if high is None else high
    values = {"site_value": best * 1e7, "global_value": 1e7, "unit": "m2"}
    return {
        "parameter": parameter,
        "segment": segment,
        "low": low,
        "best": best,
        "high": high,
        "status": status,
        "deciding": False,
        **values,
        **more,
    }


def finding(code, message="said", severity="info", **params):
    return {"code": code, "severity": severity, "message": message, "params": params}


def taxon(name, category="CR", shares=(), trigger=False, status="not_met", route="none", findings=()):
    return {
        "taxon_id": name,
        "scientific_name": name,
        "common_name": "",
        "category": category,
        "possibly_extinct": False,
        "trigger": trigger,
        "route": route,
        "status": status,
        "shares": list(shares),
        "findings": list(findings),
    }


@pytest.fixture
def few(qgis_app):
    vulnerable = finding("endangerment.category_vulnerable")
    return {
        "species": [
            taxon("Beta nova", shares=[share(best=0.97)], trigger=True, status="met", route="resident_population"),
            taxon("Alpha prima", "EN", shares=[share(best=0.2, status="not_met")]),
            taxon("Gamma tertia", "EN", shares=[share(best=0.94, low=0.9, high=0.99, status="uncertain")]),
            taxon("Delta quarta", "VU", shares=[share(best=0.99)], findings=[vulnerable]),
            taxon("Omega ultima", "EN"),
        ]
    }


def proxied(assessment):
    model = species.SpeciesModel()
    model.set_assessment(assessment, 0.95)
    proxy = species.SpeciesFilter()
    proxy.setSourceModel(model)
    return model, proxy


def names(proxy, parent=None):
    parent = parent or QModelIndex()
    return [proxy.index(row, 0, parent).data() for row in range(proxy.rowCount(parent))]


def test_taxa_that_cannot_trigger_stand_in_a_group_at_the_end(few):
    model, proxy = proxied(few)
    assert names(proxy) == ["Beta nova", "Alpha prima", "Gamma tertia", "Omega ultima", "Also present (1)"]
    assert names(proxy, proxy.mapFromSource(model.group())) == ["Delta quarta"]
    assert model.taxon_count() == 5


@pytest.mark.parametrize("order", [Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
@pytest.mark.parametrize("column", range(species.STATUS + 1))
def test_the_group_is_last_however_the_table_is_sorted(few, column, order):
    _, proxy = proxied(few)
    proxy.sort(column, order)
    assert names(proxy)[-1] == "Also present (1)"


def test_shares_are_sorted_as_numbers_and_the_unknown_is_below_all(few):
    _, proxy = proxied(few)
    proxy.sort(species.SHARE, Qt.SortOrder.AscendingOrder)
    assert names(proxy)[:-1] == ["Omega ultima", "Alpha prima", "Gamma tertia", "Beta nova"]


def test_what_is_not_known_is_said_and_not_shown_as_zero(few):
    model, _ = proxied(few)
    index = model.find("Omega ultima").siblingAtColumn(species.SHARE)
    assert index.data() == "cannot be assessed"
    assert index.data(species.SHARE_ROLE).best is None


def test_filter_finds_words_of_name_category_and_status_in_the_group_too(few):
    model, proxy = proxied(few)
    proxy.set_words("vulnerable")
    assert names(proxy) == ["Also present (1)"]
    proxy.set_words("nova trigger")
    assert names(proxy) == ["Beta nova"]
    proxy.set_words("")
    assert len(names(proxy)) == 5


def test_shares_stay_with_a_taxon_that_the_filter_keeps(few):
    _, proxy = proxied(few)
    proxy.set_words("beta")
    assert names(proxy, proxy.index(0, 0)) == ["Range, resident"]


def test_the_deciding_share_stands_for_the_taxon(few):
    whole, breeding = share(segment="all", best=0.999), share(segment="breeding", best=0.96, deciding=True)
    assert species.headline(taxon("A", shares=[whole, breeding])) is breeding


def figures(model, name):
    index = model.find(name)
    columns = species.PARAMETER_COLUMNS.items()
    return {p: index.siblingAtColumn(c).data() for p, c in columns if index.siblingAtColumn(c).data()}


@pytest.fixture
def several(qgis_app):
    disagree = finding("irreplaceability.parameters_disagree", "They disagree.", "warning")
    return {
        "species": [
            taxon(
                "Beta nova",
                shares=[
                    share("mature_individuals", best=0.982, low=0.96, high=1.0, deciding=True, unit="individuals"),
                    share("aoo", "all", 0.875, status="not_met", unit="cells", basis="records"),
                    share("range", "all", 0.1, status="not_met"),
                    share("range", "breeding", 0.9504),
                ],
                trigger=True,
                status="met",
                findings=[disagree],
            ),
            taxon("Alpha prima", "EN", shares=[share("aoo", "all", 0.0, status="not_met", unit="cells")]),
            taxon("Delta quarta", "EN", shares=[share(best=0.3, status="not_met")]),
        ]
    }


def test_every_parameter_has_a_figure_and_the_deciding_one_a_mark(several):
    model, _ = proxied(several)
    assert model.parameters == ("mature_individuals", "aoo", "range")
    # A parameter shows the share that counts most of its segments, and the deciding one has a mark and bold type.
    assert figures(model, "Beta nova") == {
        "mature_individuals": "◆\u200998.2\u00a0%",
        "aoo": "○\u200987.5\u00a0%",
        "range": "●\u200995.04\u00a0%",
    }
    row = model.find("Beta nova")
    bold = {
        parameter
        for parameter, column in species.PARAMETER_COLUMNS.items()
        if (font := row.siblingAtColumn(column).data(Qt.ItemDataRole.FontRole)) and font.bold()
    }
    assert bold == {"mature_individuals"}
    model.set_compact(marks_only=True, short_names=False, short_figures=True)
    # Fewer decimals, but never so few that the side of the threshold is lost.
    assert figures(model, "Beta nova")["range"] == "●\u200995.04"
    assert figures(model, "Beta nova")["aoo"] == "○\u200988"
    assert "%" in model.headerData(species.NAME, Qt.Orientation.Horizontal)
    assert model.index(1, 0, row).data() == "Area of occupancy, whole year"
    model.set_compact(marks_only=True, short_names=True, short_figures=True)
    assert model.index(1, 0, row).data() == "AOO, whole year"


def test_disagreement_is_marked_and_explained(several):
    model, _ = proxied(several)
    status = model.find("Beta nova").siblingAtColumn(species.STATUS)
    assert status.data().endswith("▲")
    assert status.data(Qt.ItemDataRole.ToolTipRole) == "They disagree."
    assert "▲" not in model.find("Alpha prima").siblingAtColumn(species.STATUS).data()


def test_no_share_sorts_below_a_share_of_nothing(several):
    _, proxy = proxied(several)
    proxy.sort(species.PARAMETER_COLUMNS["aoo"], Qt.SortOrder.DescendingOrder)
    assert names(proxy) == ["Beta nova", "Alpha prima", "Delta quarta"]


def test_columns_come_as_the_room_allows(several):
    from aze_plugin.gui.pages.taxa import TaxaTree

    model, proxy = proxied(several)
    tree = TaxaTree()
    tree.setModel(proxy)
    tree.arrange()
    tree.show()

    def shown(width):
        tree.resize(width, 300)
        QCoreApplication.processEvents()
        total = sum(tree.columnWidth(c) for c in range(model.columnCount()) if not tree.isColumnHidden(c))
        assert total <= tree.viewport().width()
        return {c for c in range(model.columnCount()) if not tree.isColumnHidden(c)}

    ems = tree.fontMetrics().horizontalAdvance("m")
    kept = {species.NAME, species.CATEGORY, species.STATUS}
    with_figures = {species.PARAMETER_COLUMNS[p] for p in model.parameters}
    assert shown(ems * 17) == kept | {species.SHARE}
    assert shown(ems * 34) == kept | with_figures
    assert shown(ems * 90) == kept | with_figures | {species.SHARE}
    tree.deleteLater()


def test_painting_and_scrolling_work_nothing_out(several, monkeypatch):
    from aze_plugin.gui.pages.taxa import TaxaTree

    model, proxy = proxied(several)
    tree = TaxaTree()
    tree.setModel(proxy)
    tree.arrange()
    tree.resize(600, 300)
    tree.expandAll()
    tree.show()
    assert tree.uniformRowHeights()

    def never(*args, **kwargs):
        raise AssertionError("worked out while painting")

    for name in ("bar_of", "headline", "share_tip", "percent", "_word", "disagreement"):
        monkeypatch.setattr(species, name, never)
    before = [id(node.texts) for node in model._root.children]
    tree.viewport().repaint()
    tree.verticalScrollBar().setValue(3)
    tree.viewport().repaint()
    assert [id(node.texts) for node in model._root.children] == before
    tree.deleteLater()


def test_the_whole_range_stands_for_a_sole_area_only(few):
    whole, resident = share(segment="all", best=1.0), share(best=1.0)
    assert species.headline(taxon("A", shares=[resident, whole], route="sole_area")) is whole
    assert species.headline(taxon("A", shares=[whole, resident])) is resident


def test_an_unknown_category_is_folded_only_where_the_share_is_small():
    unknown = finding("endangerment.category_unknown")
    assert species.can_trigger(taxon("A", "NE", status="not_assessable", findings=[unknown]))
    assert not species.can_trigger(taxon("A", "NE", status="not_met", findings=[unknown]))
    assert species.can_trigger(taxon("A", findings=[finding("endangerment.category_from_map")]))


def test_csv_holds_unrounded_shares_and_no_formulas(few):
    few["species"][0]["scientific_name"] = "=cmd()"
    rows = list(csv.DictReader(io.StringIO(species.as_csv(few))))
    assert len(rows) == 5
    assert rows[0]["scientific_name"] == "'=cmd()"
    assert float(rows[2]["low"]) == 0.9
    assert rows[4]["best"] == ""


def test_an_index_of_an_earlier_assessment_is_not_found(few):
    model, _ = proxied(few)
    assert not model.find("Nobody").isValid()
    model.set_assessment(None, 0.95)
    assert model.rowCount() == 0
    assert not model.group().isValid()


def painted(bar, dimmed=False):
    from qgis.PyQt.QtCore import QRectF

    from aze_plugin.gui.widgets.sharebar import paint_bar

    image = QImage(200, 20, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_bar(painter, QRectF(0, 0, 200, 20), bar, QPalette(QColor("#eee"), QColor("white")), dimmed)
    painter.end()
    return image


def test_a_bar_is_filled_up_to_the_best_value(qgis_app):
    image = painted(species.Bar(0.5, 0.5, 0.5, 0.95, "met", "50 %"))
    assert image.pixelColor(60, 10) != QColor("white")
    assert image.pixelColor(140, 10) == QColor("white")


def test_met_uncertain_and_not_met_differ_without_colour(qgis_app):
    def grey(status):
        image = painted(species.Bar(0.8, 0.8, 0.8, 0.95, status, "80 %")).convertToFormat(
            QImage.Format.Format_Grayscale8
        )
        return [image.pixelColor(x, 10).lightness() for x in range(20, 140)]

    met, uncertain, not_met = grey("met"), grey("uncertain"), grey("not_met")
    assert max(uncertain) - min(uncertain) > 60, "uncertain is hatched"
    assert max(met) - min(met) < 5
    assert abs(sum(met) - sum(not_met)) / len(met) > 30


def test_five_hundred_taxa_are_painted_by_the_rows_that_are_seen(qgis_app, monkeypatch):
    from aze_plugin.gui.widgets.sharebar import ShareBarDelegate

    values = random.Random(1)
    many = {
        "species": [
            taxon(
                f"Genus{n} species{n}", shares=[share(segment=s, best=values.random()) for s in ("all", "resident")] * 4
            )
            for n in range(500)
        ]
    }
    _, proxy = proxied(many)
    painted, paint = [], ShareBarDelegate.paint
    monkeypatch.setattr(ShareBarDelegate, "paint", lambda *given: painted.append(1) or paint(*given))
    view = QTreeView()
    view.setUniformRowHeights(True)
    view.setModel(proxy)
    view.setItemDelegate(ShareBarDelegate(view))
    view.resize(600, 700)
    view.expandAll()
    view.show()
    seen = -(-view.viewport().height() // view.visualRect(view.indexAt(QPoint(5, 5))).height()) + 1
    for step in range(30):
        view.verticalScrollBar().setValue(step * 40)
        painted.clear()
        cost = calls(view.viewport().grab)
        # Of some four thousand; each by as many calls as it takes to paint one.
        assert 0 < len(painted) <= seen * view.model().columnCount() and cost < 100 * len(painted)


def area(number, pct, **more):
    return {
        "id": number,
        "name": f"Area {number}",
        "designation": "Reserve",
        "iucn_category": "II",
        "status_year": 1990,
        "kind": "pa",
        "pct": pct,
        **more,
    }


def test_areas_are_sorted_by_value_and_say_what_is_not_known(qgis_app):
    from qgis.PyQt.QtCore import QSortFilterProxyModel

    model = protected.ProtectedModel()
    model.set_areas([area("1", 9.0), area("2", 31.0), area("3", 0.5, name="", status_year=None, kind="oecm")])
    proxy = QSortFilterProxyModel()
    proxy.setSourceModel(model)
    proxy.setSortRole(species.SORT_ROLE)
    proxy.sort(protected.AREA_SHARE, Qt.SortOrder.DescendingOrder)
    shown = [proxy.index(row, protected.AREA_SHARE).data() for row in range(3)]
    assert shown == [percent(0.31), percent(0.09), percent(0.005)]
    last = model.index(2, 0)
    assert last.data() == "Area 3, without a name"
    assert last.siblingAtColumn(protected.YEAR).data() == "not known"
    assert last.siblingAtColumn(protected.DESIGNATION).data() == "Reserve, OECM"


def test_names_are_shortened_as_the_field_does_and_only_on_demand(few):
    model, _ = proxied(few)
    index = model.find("Beta nova")
    model.set_compact(marks_only=True, short_names=True)
    assert index.data() == "B. nova"
    assert index.siblingAtColumn(species.STATUS).data() == "●"
    model.set_compact(marks_only=False, short_names=False)
    assert index.data() == "Beta nova"
    assert index.siblingAtColumn(species.STATUS).data() == "● trigger"
