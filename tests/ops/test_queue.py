"""The ring of latest vectors against a list of all that were pushed."""

import torch

from pipeline.ops.queue import Queue


def test_the_queue_keeps_the_latest_in_a_ring_and_says_when_it_is_full():
    queue, seen = Queue(5, 2), []
    start = queue.items.clone()
    torch.testing.assert_close(start.norm(dim=1), torch.ones(5))
    for value, size in enumerate([3, 1, 2, 4]):
        new = [[float(value), float(place)] for place in range(size)]
        queue.push(torch.tensor(new))
        seen += new
        assert queue.full == (len(seen) >= 5)
        kept = queue.items.tolist()
        assert all(row in kept for row in seen[-5:])
        assert sum(row in kept for row in start.tolist()) == max(0, 5 - len(seen))
    assert queue.items.tolist()[len(seen) % 5] == seen[-5], "the oldest is where the next one goes"


def test_more_vectors_than_the_queue_holds_leave_the_last():
    queue = Queue(3, 1)
    queue.push(torch.arange(8.0)[:, None])
    assert sorted(queue.items.flatten().tolist()) == [5, 6, 7]
    queue.push(torch.tensor([[8.0]]))
    assert sorted(queue.items.flatten().tolist()) == [6, 7, 8]


def test_a_restored_queue_goes_on_where_it_was():
    first, second = Queue(4, 1), Queue(4, 1)
    first.push(torch.arange(3.0)[:, None])
    second.load_state_dict(first.state_dict())
    for queue in (first, second):
        queue.push(torch.tensor([[10.0], [11.0]]))
    assert first.items.tolist() == second.items.tolist()
