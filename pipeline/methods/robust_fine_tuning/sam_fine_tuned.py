"""Fine-tuning by sharpness-aware steps of a fixed radius, which knows nothing of what the base predicts."""

from pipeline.methods.robust_fine_tuning import FineTuning
from pipeline.methods.sharpness_aware import SharpnessAware


class SAMFineTuned(SharpnessAware, FineTuning):
    """`fine_tuned` minimised by SAM: what TRAM is with a radius that is set beforehand."""

    paper = ""
