"""What a task or a metric is, as text that can be compared: its source, what it reads, its settings."""

from opik_resume.experiment.fingerprints.fingerprint import Fingerprint, diff, differs
from opik_resume.experiment.fingerprints.reading import fingerprint
from opik_resume.experiment.fingerprints.version import Version

__all__ = ["Fingerprint", "Version", "diff", "differs", "fingerprint"]
