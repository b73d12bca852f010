"""What pages share: they are renewed only when they can be seen, and say what is missing before there is a result."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qgis.PyQt.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ..session import Session
from ..widgets.placeholder import Placeholder, ResultNotice


class Page(QWidget):
    """Shows the session; what changes while the page is out of sight is shown when it comes back.

    ``stack`` holds ``nothing``, for when there is nothing to show, and what subclasses add. They define ``refresh``.
    """

    def __init__(self, session: Session, parent: QWidget | None = None):
        super().__init__(parent)
        self.session = session
        self._outdated = True
        self.nothing = Placeholder()
        self.stack = QStackedWidget()
        self.stack.addWidget(self.nothing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)

    def refresh(self) -> None:
        """Show what the session holds now."""
        raise NotImplementedError

    def showEvent(self, event) -> None:
        super().showEvent(event)
        if self._outdated:
            self._renew()

    def _changed(self) -> None:
        self._outdated = True
        if self.isVisible():
            self._renew()

    def _renew(self) -> None:
        self._outdated = False
        self.refresh()


class Lack(NamedTuple):
    """What a result needs first: the page where it is got, a sentence, and the text of the button that leads there."""

    page: str
    sentence: str
    button: str


class ResultPage(Page):
    """A page of a result of the current candidate: what it needs first, when it was made, and how to renew it.

    ``start`` makes the result; ``not_yet`` and ``button`` offer that where there is none, ``again`` where it is of an
    earlier boundary. Subclasses define ``_lack`` and ``_show_notice``.
    """

    def __init__(
        self,
        session: Session,
        start: Callable[[], None],
        not_yet: str,
        button: str,
        again: str,
        parent: QWidget | None = None,
    ):
        super().__init__(session, parent)
        self._start, self._not_yet, self._button = start, not_yet, button
        self._missing = ""
        self.nothing.pressed.connect(self._mend)
        self.notice = ResultNotice(again, start)
        session.busyChanged.connect(self._busy)

    def _lack(self) -> Lack | None:
        """What is missing before the result can be made, or None."""
        raise NotImplementedError

    def _show_notice(self) -> None:
        """Say of when and of which data the result is."""
        raise NotImplementedError

    def show_nothing(self) -> None:
        """Show, in place of a result, what is missing and how to get it."""
        self._say_what_is_missing()
        self.stack.setCurrentWidget(self.nothing)

    def _say_what_is_missing(self) -> None:
        self._missing = ""
        problem, busy = self.session.sources.installation_problem, self.session.busy
        lack = None if problem else self._lack()
        if problem:
            self.nothing.say(problem)
        elif lack:
            self._missing = lack.page
            self.nothing.say(lack.sentence, lack.button)
        elif busy is not None:
            self.nothing.say(f"{busy.title}…")
        else:
            self.nothing.say(self._not_yet, self._button)

    def _mend(self) -> None:
        if self._missing:
            self.session.show_page(self._missing)
        else:
            self._start()

    def _busy(self) -> None:
        if self.stack.currentWidget() is self.nothing:
            self._say_what_is_missing()
        else:
            self._show_notice()
