"""TrainingSet with every label known: what the methods for partial labels could at best reach."""

from typing import ClassVar

from pipeline.methods.multi_label import MultiLabel


class AllLabels(MultiLabel):
    """The loss of `assume_negative` where nothing is missing: the only method whose training labels are complete."""

    paper = ""
    told = "all classes of each training example"
    all_positives: ClassVar[bool] = True
