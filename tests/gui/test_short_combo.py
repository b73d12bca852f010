"""A list to choose from in a narrow panel: what has no room is cut with an ellipsis."""

from qgis.PyQt.QtWidgets import QComboBox

from aze_plugin.gui.widgets.basics import ShortCombo

LONG = "Candidate: Nubila North Coast and the islands before it"


def picture(combo, text, width=180):
    combo.addItem(text)
    combo.resize(width, combo.sizeHint().height())
    return combo.grab().toImage()


def test_a_long_name_is_shown_as_its_beginning_and_an_ellipsis(qgis_app):
    shown = picture(ShortCombo(), LONG)
    cut = [n for n in range(len(LONG)) if picture(QComboBox(), f"{LONG[:n]}…") == shown]
    assert len(cut) == 1 and LONG[: cut[0]].startswith("Candidate: Nub")


def test_what_has_room_is_shown_as_it_is_and_does_not_widen_the_panel(qgis_app):
    assert picture(ShortCombo(), "Cloudtop Ridge") == picture(QComboBox(), "Cloudtop Ridge")
    narrow, wide = ShortCombo(), QComboBox()
    for combo in (narrow, wide):
        combo.addItem(LONG)
    assert narrow.sizeHint().width() < wide.sizeHint().width() / 2
