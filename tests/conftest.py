"""What all tests share: the package importable from the checkout, and one provider of its algorithms."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@pytest.fixture(scope="session")
def provider(qgis_app):
    """The provider ``aze``, registered once for the whole session: QGIS deletes a second one of the same id."""
    from qgis.core import QgsApplication

    from aze_plugin.processing.provider import AzeProvider

    provider = AzeProvider()
    assert QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)
