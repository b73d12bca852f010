"""A popup to choose by typing: a line to look for words, and below it a list or tree of what there is."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QGuiApplication
from qgis.PyQt.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QVBoxLayout, QWidget

from .basics import TextLabel

_LEAST_WIDTH, _MOST_WIDTH, _HEIGHT = 260, 560, 340
_FOR_THE_VIEW = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
# Only while there is nothing to move the text cursor in.
_FOR_A_TREE = (Qt.Key.Key_Left, Qt.Key.Key_Right)


class SearchPopup(QFrame):
    """Opens below a widget. ``sought`` carries what is typed, ``chosen`` the index (of the view's model) that was
    clicked or entered; then it closes. The cursor stays in the line: arrows move in the view."""

    sought = pyqtSignal(str)
    chosen = pyqtSignal(object)

    def __init__(self, view: QAbstractItemView, hint: str, parent: QWidget):
        super().__init__(parent, Qt.WindowType.Popup)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.view = view
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        self.line.setAccessibleName(hint)
        self.line.setClearButtonEnabled(True)
        self.nothing = TextLabel(muted=True)
        self.nothing.hide()
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(4)
        for widget in (self.line, self.nothing, view):
            layout.addWidget(widget)
        self.line.textChanged.connect(self.sought)
        self.line.installEventFilter(self)
        view.clicked.connect(self._choose)

    def open_below(self, widget: QWidget) -> None:
        """Show the popup under a widget, or above it where there is no room, with an empty line."""
        self.line.clear()
        screen = widget.screen() if hasattr(widget, "screen") else None
        room = (screen or QGuiApplication.primaryScreen()).availableGeometry()
        width = max(_LEAST_WIDTH, min(_MOST_WIDTH, widget.width()))
        self.resize(min(width, room.width()), min(_HEIGHT, room.height()))
        place = widget.mapToGlobal(QPoint(0, widget.height()))
        if place.y() + self.height() > room.bottom():
            place.setY(max(room.top(), widget.mapToGlobal(QPoint(0, 0)).y() - self.height()))
        place.setX(max(room.left(), min(place.x(), room.right() - self.width())))
        self.move(place)
        self.show()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)

    def say(self, sentence: str) -> None:
        """A line under the field to type in, such as that nothing was found; hidden when empty."""
        self.nothing.setText(sentence)
        self.nothing.setVisible(bool(sentence))

    def eventFilter(self, watched, event):
        if watched is self.line and event.type() == QEvent.Type.KeyPress:
            key = event.key()
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.view.currentIndex())
                return True
            if key in _FOR_THE_VIEW or (key in _FOR_A_TREE and not self.line.text()):
                self.view.keyPressEvent(event)
                return True
        return super().eventFilter(watched, event)

    def _choose(self, index) -> None:
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.hide()
            self.chosen.emit(index)
