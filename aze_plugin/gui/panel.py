"""What is inside the dock: header with the candidate, rail of pages, progress, next step."""

from __future__ import annotations

from qgis.core import Qgis
from qgis.PyQt.QtCore import QCoreApplication, QEvent, QRect, QSize, Qt
from qgis.PyQt.QtGui import QColor, QPainter, QPalette
from qgis.PyQt.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..services import figures
from . import messages, style
from .maptools import VertexMoving
from .session import PAGES, Session
from .widgets.basics import ElidedLabel, ShortCombo, TextLabel, order_stops
from .widgets.busy import BusyStrip
from .widgets.chip import Chip
from .widgets.meter import MeterView


def page_titles() -> dict[str, str]:
    """Names of the pages by their keys."""
    translate = QCoreApplication.translate
    return {
        "data": translate("AzePanel", "Data"),
        "boundary": translate("AzePanel", "Boundary"),
        "criteria": translate("AzePanel", "Criteria"),
        "protection": translate("AzePanel", "Protection"),
        "nomination": translate("AzePanel", "Nomination"),
    }


class RailButton(QAbstractButton):
    """A page on the rail: icon, name and the mark of its state."""

    def __init__(self, key: str, title: str, parent: QWidget | None = None):
        super().__init__(parent)
        self.key = key
        self.state = "empty"
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._font = style.scaled(self.font(), 0.82)
        self._draw_icon()
        self.set_state("empty")

    def set_state(self, state: str) -> None:
        """Show the page's state: shape first, then colour."""
        self.state = state
        said = f"{self.text()}: {style.state_word(state)}"
        self.setToolTip(said)
        self.setAccessibleName(said)
        self.update()

    def _draw_icon(self) -> None:
        self.setIcon(style.icon(self.key, self.palette(), 20))

    def changeEvent(self, event) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def sizeHint(self) -> QSize:
        return QSize(64, 58)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        highlight = palette.color(QPalette.ColorRole.Highlight)
        if self.isChecked() or self.underMouse():
            ground = QColor(highlight)
            ground.setAlpha(60 if self.isChecked() else 26)
            painter.fillRect(self.rect(), ground)
        if self.isChecked():
            painter.fillRect(QRect(0, 0, 3, self.height()), highlight)
        if self.hasFocus():
            painter.setPen(highlight)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        self.icon().paint(painter, QRect((self.width() - 20) // 2, 8, 20, 20))
        painter.setFont(self._font)
        painter.setPen(palette.color(QPalette.ColorRole.WindowText))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 4)
        painter.drawText(QRect(2, 30, self.width() - 4, 22), int(Qt.AlignmentFlag.AlignCenter), title)
        painter.setPen(style.colour(self.state, palette))
        mark = QRect(self.width() - 22, 2, 18, 18)
        painter.drawText(mark, int(Qt.AlignmentFlag.AlignCenter), style.MARKS[self.state])

    def enterEvent(self, event) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event) -> None:
        super().leaveEvent(event)
        self.update()


class Panel(QWidget):
    """What is inside the dock. Pages are made when they are first shown."""

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.session = session
        self._pages: dict[str, QWidget] = {}
        self.moving = VertexMoving(session, self)

        self.combo = ShortCombo()
        self.combo.setObjectName("AzeCandidate")
        self.combo.setAccessibleName(QCoreApplication.translate("AzePanel", "Candidate"))
        self.combo.activated.connect(self._choose_candidate)
        self.verdict = Chip()
        self.facts = TextLabel(muted=True)
        self.problem = TextLabel()
        header = QWidget()
        top = QHBoxLayout()
        top.addWidget(self.combo, 1)
        top.addWidget(self.verdict)
        head = QVBoxLayout(header)
        head.setContentsMargins(8, 8, 8, 4)
        head.setSpacing(4)
        head.addLayout(top)
        head.addWidget(self.facts)
        head.addWidget(self.problem)

        self.rail: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        rail = QVBoxLayout()
        rail.setContentsMargins(0, 0, 0, 0)
        rail.setSpacing(0)
        for key, title in page_titles().items():
            button = RailButton(key, title)
            button.clicked.connect(lambda _checked, key=key: self.session.show_page(key))
            self._group.addButton(button)
            self.rail[key] = button
            rail.addWidget(button)
        rail.addStretch(1)
        self.stack = QStackedWidget()
        self.stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(rail)
        middle.addWidget(_Line(vertical=True))
        middle.addWidget(self.stack, 1)

        self.busy = BusyStrip()
        self.busy.cancelled.connect(session.cancel)
        self.next = NextStep()
        self.next.clicked.connect(self._do_next_step)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.meter = MeterView(session.meter)
        layout.addWidget(header)
        layout.addWidget(self.meter)
        layout.addWidget(_Line())
        layout.addLayout(middle, 1)
        layout.addWidget(_Line())
        layout.addWidget(self.busy)
        layout.addWidget(self.next)

        session.pageRequested.connect(self.show_page)
        session.actionRequested.connect(self._act)
        session.busyChanged.connect(self._show_busy)
        session.message.connect(self._show_message)
        session.candidatesChanged.connect(self._show_candidates)
        session.outbox.changed.connect(self._show_state)
        session.recovery.changed.connect(self._show_state)
        for signal in (
            session.dataChanged,
            session.candidatesChanged,
            session.candidateEdited,
            session.assessmentChanged,
            session.coverageChanged,
            session.nominationChanged,
        ):
            signal.connect(self._show_state)
        self._show_candidates()
        self._show_state()
        self.show_page(session.page)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 360)

    def sizeHint(self) -> QSize:
        return QSize(420, 720)

    def page(self, key: str) -> QWidget:
        """The widget of a page, made when it is asked for."""
        if key not in self._pages:
            widget = _make_page(key, self.session, self)
            self._pages[key] = widget
            self.stack.addWidget(widget)
            order_stops(self)
        return self._pages[key]

    def close_pages(self) -> None:
        """Let pages give back what they took of the window, such as the map tool."""
        self.moving.stop()
        for widget in self._pages.values():
            if hasattr(widget, "close_page"):
                widget.close_page()

    def show_page(self, key: str) -> None:
        """Bring a page to the front."""
        self.rail[key].setChecked(True)
        self.stack.setCurrentWidget(self.page(key))

    def _act(self, key: str, action: str) -> None:
        page = self.page(key)
        if hasattr(page, "act"):
            page.act(action)

    def _do_next_step(self) -> None:
        _sentence, page, action = self.session.next_step()
        self.session.show_page(page, action)

    def _choose_candidate(self, index: int) -> None:
        self.session.candidates.set_current(self.combo.itemData(index))

    def _show_candidates(self) -> None:
        translate = QCoreApplication.translate
        self.combo.clear()
        names = self.session.candidates.names
        self.combo.setEnabled(bool(names))
        if not names:
            self.combo.addItem(translate("AzePanel", "No candidate yet"), None)
        for name in names:
            self.combo.addItem(name, name)
            feature = self.session.candidates.feature(name)
            if feature is not None and "kind" in feature.fields().names() and feature["kind"] == "update_site":
                said = translate("AzePanel", "{name}, update of {site}").format(
                    name=name, site=feature["updates_site"] or translate("AzePanel", "an existing site")
                )
            else:
                said = translate("AzePanel", "{name}, new site").format(name=name)
            self.combo.setItemData(self.combo.count() - 1, said, Qt.ItemDataRole.ToolTipRole)
        index = self.combo.findData(self.session.candidates.current)
        self.combo.setCurrentIndex(max(0, index))
        self.combo.setToolTip(self.combo.itemData(max(0, index), Qt.ItemDataRole.ToolTipRole) or "")

    def _show_state(self) -> None:
        session, translate = self.session, QCoreApplication.translate
        for key, button in self.rail.items():
            button.set_state(session.page_state(key))
        self.next.set(session.next_step()[0])
        problem = session.sources.installation_problem
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.verdict.setVisible(session.candidates.current is not None)
        assessment = session.results.assessment
        self.verdict.status(
            assessment["verdict"] if assessment else None,
            tip=translate("AzePanel", "Of an earlier boundary or earlier data; a new check follows.")
            if session.results.assessment_stale
            else "",
            dimmed=session.results.assessment_stale,
        )
        self.facts.setText(" · ".join(self._facts()))
        self.facts.setVisible(session.candidates.current is not None)

    def _facts(self) -> list[str]:
        session, translate = self.session, QCoreApplication.translate
        facts = []
        area = session.candidates.area_ha()
        if area is not None:
            facts.append(figures.hectares(area))
        if session.results.coverage and not session.results.coverage_stale:
            if session.results.coverage.get("both_pct") is None:
                facts.append(translate("AzePanel", "protection cannot be assessed"))
            else:
                share = figures.percent(session.results.coverage["both_pct"] / 100)
                facts.append(translate("AzePanel", "{share} protected").format(share=share))
        if session.results.assessment and not session.results.assessment_stale:
            count = sum(bool(s["trigger"]) for s in session.results.assessment["species"])
            facts.append(
                translate("AzePanel", "1 trigger species")
                if count == 1
                else translate("AzePanel", "{count} trigger species").format(count=count)
            )
        return facts

    def _show_busy(self) -> None:
        busy = self.session.busy
        self.busy.set(busy.title if busy else None, busy.fraction if busy else None)

    def _show_message(self, sentence: str, level: int) -> None:
        if self.session.iface is not None:
            bar = self.session.iface.messageBar()
            bar.pushMessage("AZE", sentence, Qgis.MessageLevel(level), 0 if level == messages.CRITICAL else 8)


class NextStep(QToolButton):
    """The line at the bottom: what to do next; a click does it."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("AzeNextStep")
        self.setAutoRaise(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._label = ElidedLabel()
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label.setFont(style.scaled(self.font(), 1.0, bold=True))
        mark = QLabel("▸")
        mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(mark)
        layout.addWidget(self._label, 1)

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height() + 16)

    def set(self, sentence: str) -> None:
        """Show a step."""
        said = QCoreApplication.translate("AzePanel", "Next: {step}").format(step=_lower_first(sentence))
        self._label.setText(said)
        self.setToolTip(said)
        self.setAccessibleName(said)


def _make_page(key: str, session: Session, parent: Panel) -> QWidget:
    if key == "data":
        from .pages.data import DataPage

        return DataPage(session, parent)
    if key == "boundary":
        from .pages.boundary import BoundaryPage

        return BoundaryPage(session, parent, parent.moving)
    if key == "criteria":
        from .pages.criteria import CriteriaPage

        return CriteriaPage(session, parent)
    if key == "protection":
        from .pages.protection import ProtectionPage

        return ProtectionPage(session, parent)
    if key == "nomination":
        from .pages.nomination import NominationPage

        return NominationPage(session, parent)
    raise KeyError(f"{key} is none of {PAGES}")


class _Line(QWidget):
    """A dividing line in the palette's own tone."""

    def __init__(self, vertical: bool = False):
        super().__init__()
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)

    def paintEvent(self, event) -> None:
        QPainter(self).fillRect(self.rect(), style.line(self.palette()))


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence
