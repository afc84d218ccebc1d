"""Encoders pretrained without labels: trained by the loop, judged by what their frozen features are good for."""

from collections.abc import Callable, Iterable
from functools import cached_property

import torch
from torch import Tensor

from pipeline.ops.probes import label_fraction, linear_probe, share_name
from pipeline.protocols.self_supervised import Probe
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import unchanged
from pipeline.training.loop import whole

OWN = ""
"""What a method's features are called among its representations."""
prepare = unchanged
phases = whole


class Evidence(evidence.Evidence):
    """Probes learn from the bank: the labelled training inputs before `imbalance` thins them out."""

    @property
    def probe(self) -> Probe:
        return Probe.model_validate(self.job.settings["probe"])

    @property
    def num_classes(self) -> int:
        return len(self.job.data.class_names)

    @property
    def bank_labels(self) -> Tensor:
        return self.job.data.labelled_labels

    @property
    def bank(self) -> Tensor:
        """(M, F) features."""
        return self._bank[OWN]

    @property
    def features(self) -> Tensor:
        """(N, F) of the test split."""
        return self._tested[OWN]

    @cached_property
    def few_labels(self) -> dict[str, Tensor]:
        """Share of the labels, by name -> places in the bank."""
        return {
            share_name(share): label_fraction(self.bank_labels, share, self.job.draws.generator("labels"))
            for share in self.probe.label_fractions
        }

    @cached_property
    def probe_logits(self) -> Tensor:
        """(N, K) of the linear probe with all labels, on the test split."""
        return self._probed("", self.bank, self.bank_labels, self.features)

    @cached_property
    def further_probe_logits(self) -> dict[str, Tensor]:
        """The same (N, K) of probes with shares of the labels, and of those of the method's further features."""
        labels = self.bank_labels
        few = {
            share: self._probed(share, self.bank[places], labels[places], self.features)
            for share, places in self.few_labels.items()
        }
        further = {
            name: self._probed(name, bank, labels, self.further_features[name])
            for name, bank in self.further_bank.items()
        }
        return few | further

    def _probed(self, suffix: str, bank: Tensor, labels: Tensor, features: Tensor) -> Tensor:
        """The logits (N, K) of a linear probe of features (N, F); how its solver ended is noted."""
        settings = self.probe
        found = linear_probe(bank, labels, features, self.num_classes, l2=settings.l2, iterations=settings.iterations)
        self.solved(f"linear_top1_{suffix}" if suffix else "linear_top1", found.solved)
        return found.logits

    @property
    def further_bank(self) -> dict[str, Tensor]:
        """The method's other representations (M, F) of the bank, by name."""
        return {name: found for name, found in self._bank.items() if name != OWN}

    @property
    def further_features(self) -> dict[str, Tensor]:
        """The same of the test split."""
        return {name: found for name, found in self._tested.items() if name != OWN}

    @cached_property
    def _bank(self) -> dict[str, Tensor]:
        return self._represented(self.job.data.labelled_inputs)

    @cached_property
    def _tested(self) -> dict[str, Tensor]:
        return self._represented(self.job.data.test_inputs)

    def _represented(self, inputs: Tensor) -> dict[str, Tensor]:
        """All of the method's representations of raw inputs: its features under OWN."""
        method = self.job.method

        def encode(part: Tensor) -> dict[str, Tensor]:
            features = method.features(part)
            return {OWN: features, **method.further_features(part, features)}

        return _encoded(self.job.views.plain(inputs), encode)

    @cached_property
    def positive_pairs(self) -> tuple[Tensor, Tensor]:
        """Features (N, F) of two random views of each test input."""
        draws = self.job.draws.generator("evaluation views")
        return self._viewed(draws), self._viewed(draws)

    def _viewed(self, draws: torch.Generator) -> Tensor:
        parts = self.job.data.test_inputs.split(500)
        views = (self.job.views.view(part, "full", draws)[0] for part in parts)
        return _encoded(views, lambda part: {OWN: self.job.method.features(part)})[OWN]

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "predictions": self.probe_logits.argmax(1), "features": self.features}


def _encoded(views: Iterable[Tensor], encode: Callable[[Tensor], dict[str, Tensor]]) -> dict[str, Tensor]:
    parts = [encode(part) for part in views]
    return {name: finite(torch.cat([part[name] for part in parts]).float(), "features") for name in parts[0]}
