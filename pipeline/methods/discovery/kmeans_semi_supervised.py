"""GCD's clustering alone: k-means of a pretrained encoder's features in which labelled images stay with their class."""

from pipeline.methods.discovery.kmeans_frozen import KMeansFrozen


class KMeansSemiSupervised(KMeansFrozen):
    """K centres of unit features, of which the first C hold the labelled images of their class, by a frozen encoder.

    Section 3.3 of the paper without section 3.2, its training.
    """

    paper = "gcd"
    uses_labels = True
    with_labels = True
