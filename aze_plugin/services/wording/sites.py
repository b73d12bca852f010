"""Sentences about layers of existing sites, from files and from servers."""

from qgis.PyQt.QtCore import QCoreApplication


def templates() -> dict[str, str]:
    """Code to translated template."""
    translate = QCoreApplication.translate
    return {
        "sites.no_geometry": translate(
            "AzeFindings", "“{site}” has no boundary in its layer, so there is nothing to show on the map."
        ),
        "sites.gone": translate("AzeFindings", "“{site}” is in its layer no more. The list is being read anew."),
        "sites.unread": translate(
            "AzeFindings",
            "The sites of “{source}” could not be read, by a fault of the plugin. The message log has the details.",
        ),
        "sites.no_area": translate(
            "AzeFindings",
            "The outline of “{site}” encloses no area. An update of it begins with a boundary drawn anew.",
        ),
        "sites.update_of_circle": translate(
            "AzeFindings",
            "“{name}” was begun as an update of “{site}”, without a boundary: the circle that the layer has for it only "
            "stands for a site whose boundary is not known. Draw or import the boundary next.",
        ),
        "sites.update_without_boundary": translate(
            "AzeFindings",
            "“{name}” was begun as an update of “{site}”, without a boundary, as the layer has none. Draw or import the "
            "boundary next.",
        ),
        "sites.update_begun": translate(
            "AzeFindings", "“{name}” was begun as an update of “{site}”, with the boundary as it is stored."
        ),
        "layer.incomplete": translate(
            "AzeFindings",
            "Of the {expected} features of “{source}” only {read} could be read: the server stopped answering. Try again "
            "later; until then nothing is worked out with what came.",
        ),
        "layer.first_of_several": translate(
            "AzeFindings",
            "“{file}” holds several layers, of which “{name}” is read. For another one, add |layername= and its name "
            "({others}).",
        ),
        "server.unreachable": translate(
            "AzeFindings",
            "The server {host} cannot be reached ({detail}). Check the address, the network and QGIS's proxy settings.",
        ),
        "server.timeout": translate(
            "AzeFindings", "The server {host} did not answer in time. Try again later, or ask who runs it."
        ),
        "server.refused": translate(
            "AzeFindings",
            "The server {host} refuses access ({status}). Choose the authentication configuration that has your name and "
            "password.",
        ),
        "server.status": translate(
            "AzeFindings", "The server {host} answers with an error ({status}). Check the address: {url}."
        ),
        "server.not_a_service": translate(
            "AzeFindings",
            "What answers at {url} is no {service}. Check the address; it is the one that other programs are given for "
            "this kind of service.",
        ),
        "server.no_layers": translate("AzeFindings", "The service at {url} offers no layer."),
        "server.layer_gone": translate(
            "AzeFindings", "The server {host} has no layer “{layer}” any more, or it cannot be opened: {detail}"
        ),
        "server.no_polygons": translate(
            "AzeFindings", "“{layer}” of {host} has no polygons, and a site needs a boundary. Choose another layer."
        ),
    }
