"""AZE Toolkit: Alliance for Zero Extinction sites in QGIS."""


def classFactory(iface):
    """Entry point that QGIS calls with its interface; None when started by ``qgis_process``."""
    from .plugin import AzePlugin

    return AzePlugin(iface)
