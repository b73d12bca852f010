"""The panel's frame: rail, header, next step, progress, lazy making, themes."""

import pytest
from pages_support import *  # noqa: F403
from pages_support import fresh, settle, wait_for
from qgis.core import QgsGeometry
from qgis.PyQt.QtGui import QColor, QImage, QPalette
from window import window  # noqa: F401

from aze_plugin.gui import style
from aze_plugin.gui.panel import PAGES, Panel
from aze_plugin.gui.widgets.busy import BusyStrip


@pytest.fixture
def panel(session, window):  # noqa: F811
    session.iface = window
    made = Panel(session)
    made.resize(340, 800)
    made.show()
    settle()
    yield made
    made.close_pages()
    made.deleteLater()


def test_pages_are_made_when_they_are_shown(panel):
    assert panel._pages.keys() <= {"data"}
    panel.session.show_page("criteria")
    assert panel._pages.keys() == {"data", "criteria"}


@pytest.mark.parametrize("width", [340, 600])
@pytest.mark.parametrize("key", PAGES)
def test_no_page_is_wider_than_the_panel(panel, key, width):
    panel.resize(width, 800)
    panel.session.show_page(key)
    settle()
    assert panel.width() == width
    page = panel.page(key)
    assert page.width() <= panel.stack.width()


def test_header_says_what_is_known(panel, session):
    assert "4,31" in panel.facts.text()
    assert "protected" in panel.facts.text()
    assert panel.combo.currentText() == "Cloudtop Ridge"
    session.candidates.replace_boundary(QgsGeometry.fromWkt("Polygon((0 0, 0.1 0, 0.1 0.1, 0 0.1, 0 0))"))
    assert panel.verdict.dimmed
    assert "protected" not in panel.facts.text()
    wait_for(lambda: fresh(session))
    assert panel.verdict.state == "problem"


def test_rail_shows_states_by_shape(panel, session):
    assert panel.rail["boundary"].state == "fine"
    assert style.MARKS["fine"] != style.MARKS["problem"] != style.MARKS["work"] != style.MARKS["empty"]
    assert "done" in panel.rail["boundary"].accessibleName()


def test_next_step_leads_to_its_page(panel, session):
    sentence, page, action = session.next_step()
    asked = []
    session.actionRequested.connect(lambda *what: asked.append(what))
    panel.next.click()
    assert panel.stack.currentWidget() is panel.page(page)
    assert asked == [(page, action)]


def test_progress_waits_before_it_shows(qgis_app):
    strip = BusyStrip()
    strip.set("Checking", 0.1)
    assert strip.isHidden()
    wait_for(lambda: not strip.isHidden())
    assert strip.bar.value() == 100
    strip.set(None)
    assert strip.isHidden()


def test_icons_follow_the_theme(qgis_app):
    dark, light = QPalette(), QPalette()
    dark.setColor(QPalette.ColorRole.WindowText, QColor("white"))
    light.setColor(QPalette.ColorRole.WindowText, QColor("black"))

    def brightest(palette):
        image = style.icon("data", palette).pixmap(24, 24).toImage().convertToFormat(QImage.Format.Format_ARGB32)
        colours = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return max((c.lightness() for c in colours if c.alpha() > 200), default=0)

    assert brightest(dark) > 200
    assert brightest(light) < 60


def test_states_stay_legible_on_both_grounds(qgis_app):
    for ground, text in (("#ffffff", "#000000"), ("#2b2b2b", "#eeeeee")):
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(ground))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(text))
        for state in style.MARKS:
            difference = abs(style.colour(state, palette).lightness() - QColor(ground).lightness())
            assert difference > 40, (state, ground)
