"""How far the number of clusters found is from the number of classes."""

LABEL = "Error of the number of classes"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = "lower"


def compute(found_clusters: int, true_classes: int) -> float:
    return float(abs(found_clusters - true_classes))
