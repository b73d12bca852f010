"""How far each page is, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qgis.PyQt.QtCore import QCoreApplication

if TYPE_CHECKING:
    from .candidates import Candidates
    from .nomination import Nominations
    from .results import Results
    from .session import Session
    from .sources import Sources


def _parts(session: Session) -> tuple[Sources, Candidates, Results, Nominations]:
    return session.sources, session.candidates, session.results, session.nominations


def page_state(session: Session, name: str) -> str:
    """State of a page for the rail: ``empty``, ``work``, ``fine`` or ``problem``."""
    sources, candidates, results, nominations = _parts(session)
    if name == "data":
        if sources.library_problem:
            return "problem"
        if not sources.library_path:
            return "empty"
        return "fine" if sources.site_layers and sources.protected_layers else "work"
    if name == "boundary":
        geometry = candidates.geometry()
        if geometry is None:
            return "empty"
        return "fine" if candidates.is_sound() else "problem"
    if name == "criteria":
        if results.assessment is None:
            return "empty"
        if results.assessment_stale:
            return "work"
        return {"eligible": "fine", "not_eligible": "problem"}.get(results.assessment["verdict"], "work")
    if name == "protection":
        if results.coverage is None:
            return "empty"
        return "work" if results.coverage_stale else "fine"
    if candidates.current is None or candidates.current not in nominations.written:
        return "empty"
    # Without a check nobody knows what is open.
    known = results.assessment is not None
    return "fine" if known and not any(p["severity"] == "blocking" for p in nominations.problems) else "work"


def next_step(session: Session) -> tuple[str, str, str]:
    """What to do next: a sentence, the page where it is done, and the key of the action there."""
    translate = QCoreApplication.translate
    sources, candidates, results, nominations = _parts(session)
    if session.recovery.texts.differing:
        return translate("AzePanel", "Choose between what was saved and what was not"), session.recovery.page, ""
    if session.recovery.page:
        return translate("AzePanel", "Recover or discard what was left unsaved"), session.recovery.page, ""
    if sources.installation_problem:
        return translate("AzePanel", "Install shapely, so that checks can run"), "data", ""
    if not sources.library_path or sources.library_problem:
        return translate("AzePanel", "Open or import a species library"), "data", "library"
    if candidates.current is None or candidates.lacks_boundary():
        return translate("AzePanel", "Draw or import a boundary"), "boundary", "draw"
    if results.assessment is None or results.assessment_stale:
        return translate("AzePanel", "Check the boundary"), "criteria", "check"
    if results.assessment["verdict"] != "not_eligible" and not nominations.statement("delineation_rationale"):
        return translate("AzePanel", "Write why the boundary runs where it does"), "criteria", "rationale"
    if not sources.protected_layers:
        return translate("AzePanel", "Add protected areas"), "data", "protected"
    if results.coverage is None or results.coverage_stale:
        return translate("AzePanel", "Measure protection"), "protection", "measure"
    if results.assessment["verdict"] == "not_eligible":
        return translate("AzePanel", "See why the site does not qualify"), "criteria", "why"
    if candidates.current not in nominations.written or not nominations.details.get("proposer"):
        return translate("AzePanel", "Fill in the nomination"), "nomination", "start"
    blocking = [p for p in nominations.problems if p["severity"] == "blocking"]
    if blocking:
        return blocking[0]["message"], "nomination", f"problem:{blocking[0].get('field', '')}"
    return _package_step(session)


def _package_step(session: Session) -> tuple[str, str, str]:
    """What to do with a nomination to which nothing is missing: export, send, save."""
    translate = QCoreApplication.translate
    package, outbox = session.package, session.outbox
    if package is None or package["candidate"] != session.candidates.current or package["draft"]:
        return translate("AzePanel", "Export the package"), "nomination", "export"
    if not session.packages.is_current():
        return translate("AzePanel", "Export the package again, as it has changed"), "nomination", "export"
    if not any(record.get("sha256") == package["sha256"] for record in outbox.records(package["candidate"])):
        if any(entry.sha256 == package["sha256"] for entry in outbox.open_entries):
            return translate("AzePanel", "See how far the sending is"), "nomination", "outbox"
        return translate("AzePanel", "Send the package"), "nomination", "send"
    if session.project.isDirty():
        return translate("AzePanel", "Save the project, which keeps the receipt"), "nomination", "save"
    return translate("AzePanel", "All is sent. Begin with another site"), "boundary", ""
