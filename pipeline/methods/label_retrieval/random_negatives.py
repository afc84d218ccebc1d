"""Labels of the other queries of a random batch are the negatives: the baseline of negative mining."""

from pipeline.methods.label_retrieval import InBatch


class RandomNegatives(InBatch):
    """The triplet loss of the family with batches drawn at random: `ngame` with clusters of one query."""

    paper = ""
