"""OneMax with heights planted on random points, climbed by evolutionary algorithms with one parent."""

from collections.abc import Callable

import numpy as np

Array = np.ndarray
Random = np.random.Generator
Heights = Callable[[Random, int], Array]
"""So many heights, drawn."""


class Landscape:
    """Points are whole numbers, whose bits are the coordinates. Heights are drawn a thousand at a time, as needed."""

    def __init__(self, size: int, heights: Heights, random: Random) -> None:
        self.size, self.heights, self.random = size, heights, random
        self.known: dict[int, float] = {}
        self.fresh: list[float] = []

    def fitness(self, point: int) -> float:
        found = self.known.get(point)
        if found is None:
            if not self.fresh:
                distorted = self.random.random(1000) < 0.3 / self.size**0.5
                self.fresh = np.where(distorted, self.heights(self.random, 1000), 0.0).tolist()
            found = self.known[point] = point.bit_count() + self.fresh.pop()
        return found

    def climb(self, point: int, keep: bool, limit: int) -> int:
        """The generation at which the fitness is n - n^0.15, or the limit."""
        children, target = round(1.5 * np.log(self.size)), self.size - self.size**0.15
        current, masks = self.fitness(point), iter(self._masks(0))
        for generation in range(limit):
            if current >= target:
                return generation
            if generation % 100 == 0:
                masks = iter(self._masks(100 * children))
            # the best, and of several the first: children are alike, so that this draws evenly
            best, fittest = 0, -1.0
            for _ in range(children):
                child = point ^ next(masks)
                value = self.fitness(child)
                if value > fittest:
                    best, fittest = child, value
            if not keep or fittest >= current:
                point, current = best, fittest
        return limit

    def _masks(self, number: int) -> list[int]:
        """So many sets of flipped bits. Bits of all of them in a row are flipped at geometric distances."""
        bits = number * self.size
        flipped: list[Array] = []
        reached = -1
        while reached < bits:
            flipped.append(reached + self.random.geometric(1 / self.size, number + 50).cumsum())
            reached = int(flipped[-1][-1])
        masks = [0] * number
        for place in np.concatenate(flipped).tolist():
            if place < bits:
                masks[place // self.size] |= 1 << place % self.size
        return masks
