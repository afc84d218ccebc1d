"""Regression trees as padded arrays: grown by scikit-learn, kept in buffers, read by torch."""

from typing import Any

import torch
from torch import Tensor, nn


class Forest(nn.Module):
    """Rounds x outputs trees of at most `depth` splits from root to leaf; a tree that was not put in gives 0.

    A leaf is its own left and right child, so that going down `depth` times ends in a leaf from everywhere.
    """

    feature: Tensor
    """(R, K, M) int64: the column that node m of each tree splits by; `left` and `right` are its children."""
    left: Tensor
    right: Tensor
    threshold: Tensor
    """(R, K, M) float64: rows at most so large in that column go left."""
    value: Tensor
    """(R, K, M) float64: what a tree gives for rows that end in the node."""

    def __init__(self, rounds: int, outputs: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        shape = (rounds, outputs, 2 ** (depth + 1) - 1)
        for name in ("feature", "left", "right"):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.int64))
        for name in ("threshold", "value"):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def clear(self) -> None:
        for buffer in self.buffers():
            buffer.zero_()

    def put(self, place: tuple[int, int], tree: Any, scale: float) -> None:
        """Keep a fitted tree, scikit-learn's `tree_`, as that of a round and an output, its values times `scale`."""
        left, right = torch.from_numpy(tree.children_left), torch.from_numpy(tree.children_right)
        leaf, own = left < 0, torch.arange(tree.node_count)
        nodes = (*place, slice(tree.node_count))
        self.feature[nodes] = torch.from_numpy(tree.feature).clamp_min(0).to(self.feature)
        self.left[nodes] = own.where(leaf, left).to(self.left)
        self.right[nodes] = own.where(leaf, right).to(self.right)
        self.threshold[nodes] = torch.from_numpy(tree.threshold).to(self.threshold)
        self.value[nodes] = scale * torch.from_numpy(tree.value[:, 0, 0]).to(self.value)

    def forward(self, rows: Tensor, rounds: int) -> Tensor:
        """(rounds, B, K) float64: what each tree of the first rounds gives for rows (B, D) float32."""
        columns = rows.double().T
        own = torch.arange(len(rows), device=rows.device)
        node = torch.zeros(rounds, self.feature.shape[1], len(rows), dtype=torch.int64, device=rows.device)
        feature, left, right, threshold, value = (
            each[:rounds] for each in (self.feature, self.left, self.right, self.threshold, self.value)
        )
        for _ in range(self.depth):
            goes_left = columns[feature.gather(2, node), own] <= threshold.gather(2, node)
            node = left.gather(2, node).where(goes_left, right.gather(2, node))
        return value.gather(2, node).transpose(1, 2)
