"""Labels in the order of how often training showed them, whatever the query: what can be had without looking."""

from pipeline.contract import Context, Tensor, torch
from pipeline.methods.label_retrieval import Retriever


class LabelFrequency(Retriever):
    """s_l = n_l / N, the share of the N training queries that show label l."""

    paper = ""
    trains = False

    shares: Tensor
    """(L,)."""

    def build(self, context: Context) -> None:
        self.register_buffer("shares", torch.tensor(context.class_counts) / context.train_examples)

    def scores(self, images: Tensor) -> Tensor:
        return self.shares.expand(len(images), -1)
