"""GCD's clustering alone: k-means of a pretrained encoder's features in which labelled images stay with their class."""

from pipeline.methods.discovery.kmeans_frozen import KMeansFrozen


class KMeansSemiSupervised(KMeansFrozen):
    """K centres of unit features, the first C of which hold the labelled images of their class; the encoder is as it is.

    Section 3.3 of the paper without section 3.2, its training.
    """

    paper = "gcd"
    uses_labels = True
    with_labels = True
