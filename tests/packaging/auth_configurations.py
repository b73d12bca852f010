"""Authentication configurations that tests keep in QGIS for a while."""

from contextlib import contextmanager

from qgis.core import QgsApplication, QgsAuthMethodConfig


@contextmanager
def configurations():
    """Yield a maker of them, method and settings in, id out; they are removed at the end."""
    manager = QgsApplication.authManager()
    assert manager.setMasterPassword("of the tests", True)
    made = []

    def make(method, **settings):
        config = QgsAuthMethodConfig()
        config.setName(f"test {len(made)}")
        config.setMethod(method)
        for key, value in settings.items():
            config.setConfig(key, value)
        stored, config = manager.storeAuthenticationConfig(config)
        assert stored
        made.append(config.id())
        return config.id()

    yield make
    for identifier in made:
        manager.removeAuthenticationConfig(identifier)
