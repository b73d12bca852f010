"""What all tests share: the package importable from the checkout, and one provider of its algorithms."""

import gc
import shutil
import sys
from pathlib import Path

import hypothesis
import pytest

# How long an example takes, or is thought out, is the machine's affair.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@pytest.fixture(autouse=True, scope="session")
def qgis_app():
    """The QGIS that pytest-qgis started before any test; None where that plugin is off.

    In place of its own fixture, whose teardown takes back a connection that PyQt at times does not find again although
    it still counts it, and then fails the last test of a long session.
    """
    from pytest_qgis import pytest_qgis

    application = pytest_qgis._APP
    yield application
    if application is not None:
        # Layers and datasets that only a cycle still holds have to go before QGIS does.
        gc.collect()
        application.exitQgis()
        shutil.rmtree(pytest_qgis._QGIS_CONFIG_PATH, ignore_errors=True)


@pytest.fixture(scope="session")
def provider(qgis_app):
    """The provider ``aze``, registered once for the whole session: QGIS deletes a second one of the same id."""
    from qgis.core import QgsApplication

    from aze_plugin.processing.provider import AzeProvider

    provider = AzeProvider()
    assert QgsApplication.processingRegistry().addProvider(provider)
    yield provider
    QgsApplication.processingRegistry().removeProvider(provider)
