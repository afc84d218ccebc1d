"""Trees in buffers say what scikit-learn's say, on the rows they were grown from and between."""

import pytest
import torch
from sklearn.tree import DecisionTreeRegressor

from pipeline.ops.trees import Forest


def grown(depth, seed):
    draws = torch.Generator().manual_seed(seed)
    rows, targets = torch.randn(80, 3, generator=draws), torch.randn(80, generator=draws)
    return DecisionTreeRegressor(max_depth=depth, random_state=0).fit(rows.numpy(), targets.numpy()), rows


@pytest.mark.parametrize("depth", [1, 3, 5])
def test_it_predicts_what_the_trees_do(depth):
    forest = Forest(3, 2, depth)
    trees = {(m, k): grown(depth, 10 * m + k) for m in range(2) for k in range(2)}
    for place, (tree, _) in trees.items():
        forest.put(place, tree.tree_, 0.5)
    rows = torch.cat([rows for _, rows in trees.values()] + [torch.randn(200, 3)])
    found = forest(rows, 3)
    assert found.dtype == torch.float64 and not found[2].any()
    for (m, k), (tree, _) in trees.items():
        want = torch.from_numpy(0.5 * tree.predict(rows.numpy()))
        torch.testing.assert_close(found[m, :, k], want, rtol=0, atol=1e-15)
    assert torch.equal(forest(rows, 1), found[:1])


def test_rows_on_a_threshold_go_left():
    tree = DecisionTreeRegressor(max_depth=1).fit([[0.0], [1.0]], [3.0, 5.0])
    forest = Forest(1, 1, 1)
    forest.put((0, 0), tree.tree_, 1.0)
    assert forest(torch.tensor([[0.5], [0.50001], [-9.0], [9.0]]), 1).flatten().tolist() == [3, 5, 3, 5]


def test_a_smaller_tree_in_the_place_of_a_larger_one():
    forest = Forest(1, 1, 4)
    (large, rows), (small, _) = grown(4, 1), grown(1, 2)
    forest.put((0, 0), large.tree_, 1.0)
    forest.put((0, 0), small.tree_, 1.0)
    torch.testing.assert_close(forest(rows, 1).flatten(), torch.from_numpy(small.predict(rows.numpy())))
    forest.clear()
    assert not forest(rows, 1).any()


def test_its_state_is_all_there_is():
    forest, again = Forest(2, 1, 3), Forest(2, 1, 3)
    tree, rows = grown(3, 4)
    forest.put((1, 0), tree.tree_, 1.0)
    again.load_state_dict(forest.state_dict())
    assert torch.equal(again(rows, 2), forest(rows, 2)) and forest(rows, 2)[1].any()
