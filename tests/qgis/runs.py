"""The sample, and what an algorithm says, for tests that run algorithms."""

from pathlib import Path

from qgis.core import QgsProcessingFeedback

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample"


class Recorder(QgsProcessingFeedback):
    """Feedback that keeps what was reported."""

    def __init__(self):
        super().__init__(False)
        self.errors, self.messages, self.warnings = [], [], []

    def reportError(self, error, fatalError=False):
        self.errors.append(error)

    def pushInfo(self, info):
        self.messages.append(info)

    def pushWarning(self, warning):
        self.warnings.append(warning)
