"""A card that takes dropped files."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtWidgets import QWidget

from .card import Card
from .filelist import dropped_files


class DropCard(Card):
    """``take`` gets the paths of files that are dropped on the card."""

    def __init__(self, title: str, take: Callable[[list[str]], None], parent: QWidget | None = None):
        super().__init__(title, parent=parent)
        self._take = take
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event) -> None:
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event) -> None:
        event.acceptProposedAction()
        self._take(dropped_files(event.mimeData()))
