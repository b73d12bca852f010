"""How far each page is, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QCoreApplication

if TYPE_CHECKING:
    from .session import Session


def page_state(session: Session, name: str) -> str:
    """State of a page for the rail: ``empty``, ``work``, ``fine`` or ``problem``."""
    if name == "data":
        if session.library_problem:
            return "problem"
        if not session.library_path:
            return "empty"
        return "fine" if session.site_layers and session.protected_layers else "work"
    if name == "boundary":
        geometry = session.candidate_geometry()
        if geometry is None:
            return "empty"
        return "fine" if session.is_sound() else "problem"
    if name == "criteria":
        if session.assessment is None:
            return "empty"
        if session.assessment_stale:
            return "work"
        return {"eligible": "fine", "not_eligible": "problem"}.get(session.assessment["verdict"], "work")
    if name == "protection":
        if session.coverage is None:
            return "empty"
        return "work" if session.coverage_stale else "fine"
    if session.current is None or session.current not in session.nominated:
        return "empty"
    return "work" if any(p["severity"] == "blocking" for p in session.problems) else "fine"


def next_step(session: Session) -> tuple[str, str, str]:
    """What to do next: a sentence, the page where it is done, and the key of the action there."""
    translate = QCoreApplication.translate
    if session.problem_of_installation():
        return translate("AzePanel", "Install shapely, so that checks can run"), "data", ""
    if not session.library_path or session.library_problem:
        return translate("AzePanel", "Open or import a species library"), "data", "library"
    if session.current is None:
        return translate("AzePanel", "Draw or import a boundary"), "boundary", "draw"
    if session.assessment is None or session.assessment_stale:
        return translate("AzePanel", "Check the boundary"), "criteria", "check"
    if session.assessment["verdict"] != "not_eligible" and not session.statement("delineation_rationale"):
        return translate("AzePanel", "Write why the boundary runs where it does"), "criteria", "rationale"
    if not session.protected_layers:
        return translate("AzePanel", "Add protected areas"), "data", "protected"
    if session.coverage is None or session.coverage_stale:
        return translate("AzePanel", "Measure protection"), "protection", "measure"
    if session.assessment["verdict"] == "not_eligible":
        return translate("AzePanel", "See why the site does not qualify"), "criteria", "why"
    if session.current not in session.nominated or not session.nomination.get("proposer"):
        return translate("AzePanel", "Fill in the nomination"), "nomination", "start"
    blocking = [p for p in session.problems if p["severity"] == "blocking"]
    if blocking:
        return blocking[0]["message"], "nomination", f"problem:{blocking[0].get('field', '')}"
    return translate("AzePanel", "Export the package"), "nomination", "export"
