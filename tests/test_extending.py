"""What an extension costs: a modality, a protocol, a metric, a method and a study are each a folder or a file."""

import csv
import textwrap
from pathlib import Path

import pytest

from tests.kit import project

MODALITY = {
    "__init__.py": '''
        """Signals: float32 over time."""

        from pipeline.schema import NotNegative, Strict

        NOUN = "signals"
        DTYPE = "float32"


        class Augmentation(Strict):
            drift: NotNegative = 0.0
        ''',
    "moments.py": '''
        """What signals are normalised by."""


        def moments(signals):
            return [float(signals.mean())], [float(signals.std())]
        ''',
    "run.py": '''
        """Signals at run time."""

        import torch

        from pipeline import lookup
        from pipeline.contract import Inputs
        from pipeline.modalities import signals
        from pipeline.modalities.sharing import share

        __all__ = ["Views", "encoder", "share"]


        class Views:
            def __init__(self, augmentation, data):
                self.drift = signals.Augmentation.model_validate(augmentation).drift
                self.facts = Inputs(shape=data.shape, view_shape=data.shape, mean=data.mean, std=data.std)

            def view(self, inputs, kind, generator=None):
                views = (inputs - self.facts.mean[0]) / self.facts.std[0]
                if kind == "full" and self.drift:
                    views = views + self.drift * torch.rand(len(views), 1, generator=generator)
                return views, views.new_zeros(len(views), 0)

            def plain(self, inputs):
                yield self.view(inputs, "plain")[0]

            def raw(self, views):
                return views * self.facts.std[0] + self.facts.mean[0]


        def encoder(name, shape):
            return lookup.module(f"modalities.signals.encoders.{name}").build(shape)
        ''',
    "encoders/__init__.py": "",
    "encoders/spectrum.py": '''
        """The absolute Fourier coefficients through one layer."""

        import torch
        from torch import nn

        from pipeline.ops.encoder import Encoder


        class Spectrum(Encoder):
            def __init__(self, length):
                super().__init__()
                self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(length // 2 + 1, 16), nn.ReLU())])
                self.feature_dim = 16

            def _maps(self, inputs):
                return super()._maps(torch.fft.rfft(inputs).abs())


        def build(shape):
            return Spectrum(shape[0])
        ''',
    "datasets/__init__.py": "",
    "datasets/tones.py": '''
        """Tones of three pitches in noise."""

        from pipeline.modalities import Dataset

        DATASET = Dataset("tones", "Tones", "made here", "none", (32,), ("low", "middle", "high"), 240, 120, {})


        def arrays(root):
            import numpy as np

            draws, out = np.random.RandomState(0), {}
            for split, count in (("train", 240), ("test", 120)):
                labels = np.arange(count) % 3
                phase = draws.rand(count, 1)
                wave = np.sin(2 * np.pi * ((labels[:, None] + 2) * np.arange(32) / 32 + phase))
                out[f"{split}_signals"] = (wave + 0.5 * draws.randn(count, 32)).astype(np.float32)
                out[f"{split}_labels"] = labels.astype(np.int64)
            return out
        ''',
}
PROTOCOL = {
    "__init__.py": '''
        """Classifiers judged by inputs that are turned upside down."""

        from pipeline.protocols import supervised
        from pipeline.schema import Evaluated, NotNegative

        KINDS = ("classifier",)


        class Budget(supervised.Budget):
            upside: Evaluated[NotNegative] = 1.0
        ''',
    "run.py": '''
        """Classifiers, their test inputs turned upside down."""

        from pipeline.protocols.supervised import run as supervised

        prepare = supervised.prepare
        phases = supervised.phases


        class Evidence(supervised.Evidence):
            @property
            def turned_predictions(self):
                method, views = self.job.method, next(self.job.views.plain(self.job.data.test_inputs))
                return method.logits(method.encoder(-self.job.settings["upside"] * views)).argmax(1)
        ''',
}
METRIC = '''
    """Accuracy on inputs turned upside down."""

    LABEL = "Top-1, turned (%)"
    UNIT = "%"
    BOUNDS = (0.0, 100.0)
    DIRECTION = "higher"


    def compute(turned_predictions, labels):
        return 100.0 * (turned_predictions == labels).double()
    '''
METHOD = '''
    """Cross-entropy of tempered logits."""

    import torch.nn.functional as F

    from pipeline.contract import setting
    from pipeline.methods.classifier import Classifier


    class Tempered(Classifier):
        """L = CE(z / T, y)."""

        paper = ""
        temperature: float = setting(2.0, low=0.1)

        def objective(self, logits, labels):
            return F.cross_entropy(logits / self.temperature, labels)
    '''
STUDY = {
    "title": "Tones",
    "protocol": "upside_down",
    "dataset": "tones",
    "baseline": "cross_entropy",
    "metrics": {"top1": "higher", "top1_turned": "higher"},
    "budget": {
        "smoke": {
            "encoder": "spectrum",
            "epochs": 6,
            "batch_size": 30,
            "optimizer": {"name": "sgd", "learning_rate": 0.3},
            "augmentation": {"drift": 0.1},
            "seeds": 2,
        }
    },
    "methods": ["cross_entropy", "tempered"],
}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with one of everything added; nothing that was there is edited but params.yaml."""
    folder = project.make(tmp_path_factory.mktemp("extended") / "project", code=True)
    for path, text in {
        **{f"modalities/signals/{name}": text for name, text in MODALITY.items()},
        **{f"protocols/upside_down/{name}": text for name, text in PROTOCOL.items()},
        "metrics/top1_turned.py": METRIC,
        "methods/classifier/tempered.py": METHOD,
    }.items():
        target = folder / "pipeline" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    project.write(folder / "studies/tones.yaml", STUDY)
    project.write(folder / "params.yaml", {"tier": "smoke", "studies": ["tones"]})
    return folder


def test_a_study_of_new_parts_runs_from_data_to_table(extended: Path) -> None:
    for command in (["prepare"], ["train", "tones"], ["evaluate", "tones"], ["table", "tones"]):
        done = project.call(extended, "python", "-m", "pipeline", *command)
        assert done.returncode == 0, done.stderr
    with (extended / "results/tables/tones.csv").open(encoding="utf-8") as stream:
        rows = {(row["method"], row["metric"]): row for row in csv.DictReader(stream)}
    assert {method for method, _ in rows} == {"cross_entropy", "tempered"}
    assert float(rows["cross_entropy", "top1"]["mean"]) > 80
    # the spectrum does not see which way up a tone is
    assert rows["cross_entropy", "top1_turned"]["mean"] == rows["cross_entropy", "top1"]["mean"]
    shown = (extended / "results/tables/tones.md").read_text(encoding="utf-8")
    assert "Top-1, turned" in shown and "240 training signals" in shown


def test_the_new_parts_change_no_id_of_what_was_there(extended: Path, tmp_path: Path) -> None:
    before = project.make(tmp_path / "plain", code=True)
    plans = [project.plan_of(folder, studies=["classification"]) for folder in (before, extended)]
    assert plans[0] == plans[1]
