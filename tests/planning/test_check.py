"""Studies' faults: each is one line that says where, names key and value, and the nearest right name."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.planning import check
from pipeline.planning import load as planning
from tests.kit import project

C, O, S = "studies/classification.yaml", "studies/ood.yaml", "studies/ssl.yaml"  # noqa: E741
SGD = {"name": "sgd", "learning_rate": 0.1}
OWN = {"variants": {"default": {}}}
TRIED = {"learning_rates": [0.1, 0.2], "validation_examples": 5}
WRONG_BASE = {"key": "cosface", "base": {"study": "ssl", "method": "simclr"}}


def pupil(teacher: str) -> dict[str, Any]:
    return {"key": "distillation", "base": {"study": "classification", "method": teacher}}


def wild(examples: int, **more: Any) -> dict[str, Any]:
    return {**WILD, "budget__smoke__wild": {"examples": examples, **more}}


WILD = {"methods": ["msp", "scone"], "budget__smoke__epochs": 1, "budget__smoke__optimizer": SGD}
Faults = list[tuple[str, dict[str, Any], list[str]]]

KEYS: Faults = [
    (C, {"drivers": "supervised"}, [C, "unknown key 'drivers'", "did you mean 'driver'"]),
    (C, {"protocal": "supervised"}, [C, "unknown key 'protocal'", "did you mean 'protocol'"]),
    (C, {"rates": {}}, [C, "unknown key 'rates'", "studies/classification.rates.yaml"]),
    (C, {"dataset": "fashion_mnits"}, ["'fashion_mnits'", "did you mean 'fashion_mnist'", C]),
    (C, {"baseline": "cross_entropi"}, [C, "baseline", "'cross_entropi'", "did you mean 'cross_entropy'"]),
    (C, {"figures": ["reliabilty"]}, [C, "figure 'reliabilty'", "did you mean 'reliability'"]),
    (C, {"methods": ["cross_entropy", "label_smothing"]}, [C, "'label_smothing'", "did you mean 'label_smoothing'"]),
    (C, {"methods": ["cross_entropy", "cross_entropy"]}, [C, "'cross_entropy' is listed twice"]),
    (C, {"methods": []}, [C, "methods = []"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "budget": {"epochs": 2}}]}, [C, "must say why"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "setting": {}}]}, [C, "methods.1", "did you mean 'settings'"]),
    (C, {"methods": ["cross_entropy", {"key": "cosface", "settings": {"scael": 8.0}}]},
        [C, "setting of method 'cosface' 'scael'", "did you mean 'scale'"]),
    (C, {"methods": ["cross_entropy", {"key": "cosface", "settings": {"scale": "8"}}]},
        [C, "cosface.scale = '8'", "expected float, found str"]),
    (C, {"methods": ["cross_entropy", {"key": "label_smoothing", "settings": {"alpha": -0.1}}]},
        [C, "label_smoothing.alpha = -0.1", "from 0"]),
    (C, {"methods": ["cross_entropy", {"key": "label_smoothing", "settings": {"alpha": float("nan")}}]},
        [C, "label_smoothing.alpha = nan", "from 0"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "budget": {"epoch": 2}, "why": "x"}]},
        [C, "max_sup", "unknown key 'epoch'", "did you mean 'epochs'"]),
]  # fmt: skip
PROTOCOLS: Faults = [
    (C, {"protocol": "supervized"}, [C, "unknown protocol 'supervized'", "did you mean 'supervised'"]),
    (C, {"driver": "supervised"}, [C, "'driver'", "older spelling of 'protocol'", "keep one"]),
    (C, {"protocol": None}, [C, "protocol = None", "string"]),
    (C, {"methods": ["cross_entropy", "simclr"]},
        [C, "method 'simclr' is a representation", "protocol 'supervised' takes classifier"]),
    (S, {"baseline": "arcface", "methods": ["arcface"], **OWN},
        [S, "method 'arcface' is a classifier", "protocol 'self_supervised' takes representation"]),
    (C, {"protocol": "rotation", "methods": ["l1"], "baseline": "l1", "metrics": {"mae": "lower"},
         "further_metrics": [], **OWN, "dataset": "diabetes", "budget": {"smoke": {"epochs": 1, "optimizer": SGD}},
         "reduced": []},
        [C, "dataset = 'diabetes'", "holds tables", "protocol 'rotation' is for images"]),
    (C, {"dataset": "diabetes", **OWN, "budget": {"smoke": {"epochs": 1, "encoder": "mlp", "optimizer": SGD}},
         "reduced": []},
        [C, "'diabetes' has numbers as labels", "classes"]),
    (O, WILD, [O, "method 'scone' reads the stream 'wild'", "it has none beside the training set"]),
    (C, {"budget__smoke__encoder": "convnett"}, [C, "unknown encoder 'convnett'", "did you mean 'convnet'"]),
    (C, {"budget__smoke__encoder": "conv_net"}, [C, "unknown encoder 'conv_net'", "convnet"]),
    (S, {"budget__smoke__watch": True}, [S, "watch", "protocol 'self_supervised' cannot"]),
    (S, {"budget__smoke__probe": {"l2": -1.0}}, [S, "probe.l2 = -1.0"]),
    (S, {"budget__smoke__probe": {"iteration": 1}}, [S, "'probe.iteration'", "did you mean 'iterations'"]),
    (C, {"budget__smoke__probe": {}}, [C, "unknown key 'probe'"]),
    (S, {"budget__smoke__dataset": "image_folder"}, ["image_folder"]),
]  # fmt: skip
METRICS: Faults = [
    (C, {"metrics__top1": "up"}, [C, "metrics.top1 = 'up'", "'higher' or 'lower'"]),
    (C, {"metrics__top1": "lower"}, [C, "metrics.top1 = 'lower'", "it is the higher that is better"]),
    (C, {"metrics": {}}, [C, "metrics = {}"]),
    (C, {"metrics__to1": "higher"}, [C, "unknown metric 'to1'", "did you mean 'top1'"]),
    (S, {"further_metrics": ["linear_top1_nothing"]}, [S, "'linear_top1_nothing': nothing measures linear_top1 as"]),
    (S, {"further_metrics": ["linear_top1_5pct"]}, [S, "'linear_top1_5pct': nothing measures linear_top1 as '5pct'"]),
    (S, {"further_metrics": ["linear_top1_comon"]}, [S, "nothing measures", "did you mean 'common'?"]),
    (O, {"further_metrics": ["auroc_digits"]}, [O, "'auroc_digits': nothing measures auroc as 'digits'"]),
    (C, {"further_metrics": ["brierr"]}, [C, "unknown metric 'brierr'", "did you mean 'brier'"]),
    (C, {"further_metrics": ["knn_top1"]}, [C, "metric 'knn_top1' needs bank", "it can measure", "top1"]),
    (S, {"metrics__suspected": "higher"}, [S, "metric 'suspected' needs"]),
    (C, {"metrics__suspected": "higher"}, [C, "metrics.suspected", "neither is better", "further_metrics"]),
]  # fmt: skip
BUDGETS: Faults = [
    (C, {"budget__smoke": None}, [C, "budget.smoke = None"]),
    (C, {"budget__smoke__epoch": 3}, [C, "unknown key 'epoch'", "did you mean 'epochs'"]),
    (C, {"budget__smoke__epochs": "three"}, [C, "epochs = 'three'", "integer"]),
    (C, {"budget__smoke__epochs": 1.5}, [C, "epochs = 1.5", "integer"]),
    (C, {"budget__smoke__epochs": -1}, [C, "epochs = -1", "greater than or equal to 0"]),
    (C, {"budget__smoke__batch_size": 0}, [C, "batch_size = 0"]),
    (C, {"budget__smoke__batch_size": True}, [C, "batch_size = True", "integer"]),
    (C, {"budget__smoke__batch_size": 10000}, [C, "batch_size = 10000", "training examples"]),
    (C, {"budget__smoke__train_examples": 10**6}, [C, "train_examples = 1000000", "'fashion_mnist' has"]),
    (C, {"budget__smoke__test_examples": 10**6}, [C, "test_examples = 1000000", "'fashion_mnist' has"]),
    (C, {"budget__smoke__validation_examples": 600}, [C, "validation_examples = 600", "fewer than the 600"]),
    (C, {"budget__smoke__optimizer": {**SGD, "name": "adam"}}, [C, "optimizer.name = 'adam'", "'adamw'"]),
    (C, {"budget__smoke__optimizer": {**SGD, "momentun": 0.9}}, [C, "'optimizer.momentun'", "did you mean 'momentum'"]),
    (C, {"budget__smoke__optimizer": {"name": "sgd"}}, [C, "'optimizer.learning_rate' is missing"]),
    (C, {"budget__smoke__optimizer": {**SGD, "learning_rate": 0.0}}, [C, "optimizer.learning_rate = 0.0"]),
    (C, {"budget__smoke__optimizer": {**SGD, "learning_rate": float("inf")}}, [C, "optimizer.learning_rate = inf"]),
    (C, {"budget__smoke__schedule": {"name": "cosin"}}, [C, "schedule.name = 'cosin'", "'cosine'"]),
    (C, {"budget__smoke__schedule": {"warmup": 1.5}}, [C, "schedule.warmup = 1.5", "less than or equal to 1"]),
    (C, {"budget__smoke__augmentation": {"flips": 0.5}}, [C, "'augmentation.flips'", "did you mean 'flip'"]),
    (C, {"budget__smoke__augmentation": {"crop_scale": [1.0, 0.3]}}, [C, "augmentation.crop_scale = [1.0, 0.3]"]),
    (C, {"budget__smoke__label_noise": {"rate": 1.5}}, [C, "label_noise.rate = 1.5", "less than or equal to 1"]),
    (C, {"budget__smoke__label_noise": {"rate": 0.4, "flips": [[3, 3]]}}, [C, "label_noise", "one other class"]),
    (C, {"budget__smoke__label_noise": {"rate": 0.4, "flips": [[0, 10]]}}, [C, "flips = [0, 10]", "class 10"]),
    (O, {"budget__smoke__seeds": 3}, [O, "seeds = 3", "'classification'", "has 2"]),
    (O, {"budget__smoke__outliers": ["unifrom"]}, [O, "outliers 'unifrom'", "did you mean 'uniform'"]),
    (O, {"budget__smoke__outliers": ["held_out"]}, [O, "'held_out'", "held_out_classes"]),
    (O, {"budget__smoke__validation_outliers": ["meen"]}, [O, "'meen'", "did you mean 'mean'"]),
    (O, {"budget__smoke__encoder": "convnet"}, [O, "'encoder' is the base run's"]),
    (O, {"budget__smoke__epochs": 1, "methods": ["msp"]}, [O, "unknown key 'epochs'"]),
    (O, wild(10, outliers=["uniform"]), [O, "wild.outliers = uniform", "tested"]),
    (O, wild(20000, outliers=["permuted"], outlier_share=0.5), [O, "wild.examples = 20000", "9400"]),
    (O, wild(10, outliers=["permutated"]), [O, "'permutated'", "did you mean 'permuted'"]),
    (O, wild(10, outlier_share=0.7, shifted_share=0.7), [O, "wild", "exceed 1"]),
]  # fmt: skip
VARIANTS: Faults = [
    (C, {"variants": {}}, [C, "variants = {}"]),
    (C, {"variants": {"default": None}}, [C, "variants.default = None"]),
    (C, {"variants": {"Big-Batch": {}}}, [C, "'Big-Batch'", "small letters"]),
    (C, {"variants": {"default": {"method": ["max_sup"]}}}, [C, "default", "'method'", "did you mean"]),
    (C, {"variants": {"default": {"methods": ["maxsup"]}}}, [C, "variants.default.methods", "did you mean 'max_sup'"]),
    (C, {"variants": {"default": {"held_out_classes": [10]}}}, [C, "held_out_classes = [10]", "classes 0 to 9"]),
    (C, {"variants": {"default": {"held_out_classes": list(range(9))}}}, [C, "fewer than two classes"]),
    (C, {"variants__default": {"settings": {"scle": 3.0}}}, [C, "variants.default", "'scle'", "did you mean 'scale'"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "only": ["defalt"]}], **OWN},
        [C, "'max_sup': only", "variant 'defalt'", "did you mean 'default'"]),
    (C, {"reduced": ["smok"]}, [C, "reduced", "unknown tier 'smok'", "did you mean 'smoke'"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "reduced": {"scale": 3.0}}], "reduced": [], **OWN},
        [C, "'max_sup'", "no tier is", "name tiers"]),
]  # fmt: skip
BASES: Faults = [
    (C, {"base": {"study": "ssl", "method": "simclr"}}, [C, "base", "builds on"]),
    (C, {"methods": ["cross_entropy", WRONG_BASE]}, [C, "'cosface'", "base", "builds on no run"]),
    (C, {"variants__default": {"base": WRONG_BASE["base"]}}, [C, "variants.default", "base", "builds on"]),
    (C, {"methods": ["cross_entropy", "dr_tune"], **OWN}, [C, "default/dr_tune", "`base: "]),
    (C, {**OWN, "methods": ["cross_entropy", pupil("cross_entropi")]}, [C, "did you mean 'cross_entropy'"]),
    (C, {**OWN, "methods": ["cross_entropy", pupil("distillation")]}, [C, "default/distillation", "circle"]),
    (O, {"base": None}, [O, "default/msp", "`base: "]),
    (O, {"base__study": "clasification"}, [O, "'clasification'", "did you mean 'classification'"]),
    (O, {"base__study": "ood"}, [O, "method 'cross_entropy'", "msp"]),
    (O, {"base__method": "cross_entropi"}, [O, "'cross_entropi'", "did you mean 'cross_entropy'"]),
    (O, {"variants__near__base__method": "max_sup"}, [O, "method 'max_sup'"]),
    (O, {"variants__near__base__variant": "heldout"}, [O, "variant 'heldout'", "did you mean 'held_out'"]),
]  # fmt: skip
TWICE: Faults = [
    (C, {"further_metrics": ["brier", "brier"]}, [C, "further_metrics", "'brier' is listed twice; keep one"]),
    (C, {"further_metrics": ["top1"]}, [C, "further_metrics: 'top1' is among the metrics already"]),
    (C, {"reduced": ["smoke", "smoke"]}, [C, "reduced", "'smoke' is listed twice"]),
    (C, {"figures": ["sweeps", "sweeps"]}, [C, "figures", "'sweeps' is listed twice"]),
    (C, {"variants": {"default": {"methods": ["max_sup", "max_sup"]}}}, [C, "methods", "'max_sup' is listed twice"]),
    (C, {"variants": {"default": {"methods": []}}}, [C, "variants.default", "methods = []"]),
    (C, {"methods": ["cross_entropy", {"key": "max_sup", "only": []}]}, [C, "only = []"]),
    (C, {"budget__smoke__held_out_classes": [1, 1]}, [C, "held_out_classes", "'1' is listed twice"]),
    (O, {"budget__smoke__outliers": ["uniform", "uniform"]}, [O, "outliers", "'uniform' is listed twice"]),
    (O, {"budget__smoke__outliers": []}, [O, "outliers = []", "one kind or more"]),
]
VALUES: Faults = [
    (C, {"title": ""}, [C, "title = ''", "must not be empty"]),
    (C, {"title": " "}, [C, "title = ' '", "must not be empty"]),
    (C, {"title": "a\u202eb"}, [C, "title", "invisible character '\\u202e'"]),
    (C, {"title": "x" * 9000}, [C, "title", "9000 letters"]),
    (C, {"budget__smoke__seeds": 1_000_000_000}, [C, "seeds = 1000000000", "less than or equal to 1000"]),
    (C, {"budget__smoke__epochs": 10**12}, [C, "epochs = 1000000000000", "less than or equal to 100000"]),
    (C, {"budget__smoke__batch_size": 1}, [C, "batch_size = 1", "at least 2"]),
    (C, {"budget__smoke__optimizer": {**SGD, "learning_rate": 1e6}}, [C, "learning_rate = 1000000", "equal to 100"]),
    (C, {"budget__smoke__optimizer": {**SGD, "learning_rate": "0.1"}}, [C, "'0.1'", "write 0.1 without quotes"]),
    (C, {"budget__smoke__optimizer": {**SGD, "nesterov": True, "momentum": 0.0}}, [C, "nesterov needs a momentum"]),
    (C, {"budget__smoke__optimizer": {**SGD, "nesterov": "yes"}}, [C, "nesterov = 'yes'", "write true"]),
    (C, {"budget__smoke__optimizer": {**SGD, "betas": [0.9, 1.0]}}, [C, "betas.1 = 1.0", "less than 1"]),
    (C, {"budget__smoke__weight_average": 1.0}, [C, "weight_average = 1.0", "less than 1"]),
    (C, {"budget__smoke__epochs": 128.0}, [C, "epochs = 128.0", "integer; write 128"]),
    (C, {"budget__smoke__dataset": {"a": 1}}, [C, "dataset = {'a': 1}", "string"]),
    (C, {"budget__gpu__batch_size": "many"}, [C, "budget.gpu: batch_size = 'many'", "integer"]),
    (C, {"budget__gpu__encoder": "resnet19"}, [C, "budget.gpu: unknown encoder 'resnet19'; did you mean 'resnet18'"]),
    (C, {"budget__smoke__epochs": 0}, [C, "epochs = 0", "must be at least 1"]),
    (C, {"budget__smoke__imbalance": 1e12}, [C, "imbalance = 1000000000000.0", "equal to 10000"]),
    (C, {"budget__gpu__dataset": "fashion"}, [C, "budget.gpu: unknown data set 'fashion'"]),
    (C, {"budget__gpu__augmentation": {"shift": -1}}, [C, "budget.gpu: augmentation.shift = -1"]),
    (O, {"dataset": "fashion_mnits"}, [O, "unknown data set 'fashion_mnits'; did you mean 'fashion_mnist'"]),
    (C, {"budget__gpu__epoch": 1}, [C, "budget.gpu: unknown key 'epoch'", "did you mean 'epochs'"]),
    (S, {"budget__smoke__augmentation": {"full_size": 10**12}}, [S, "augmentation.full_size", "equal to 1024"]),
    (C, {"variants": {"x" * 300: {}}}, [C, "names folders", "at most 64"]),
    (C, {"variants": {"a__b": {}}}, [C, "'a__b' names folders", "single underscores"]),
    (C, {"search": {"smoke": {**TRIED, "by": {"cross_entropi": "top1"}}}},
        [C, "search.smoke.by", "'cross_entropi'", "did you mean 'cross_entropy'"]),
    (C, {"search": {"smoke": {**TRIED, "by": {"cross_entropy": "top2"}}}},
        [C, "search.smoke.by", "'top2'", "did you mean 'top1'"]),
    (C, {"search": {"gpuu": TRIED}},
        [C, "search: unknown tier 'gpuu'", "did you mean 'gpu'"]),
    (C, {"methods": ["cross_entropy", {"key": "ldr_kl", "settings": {"alpha": 10**400}}]}, [C, "too large a number"]),
]  # fmt: skip
REQUIRED: Faults = [
    (S, {"variants__default": {"batch_size": 8}}, [S, "method 'w_mse' requires", "here batch_size = 8"]),
    (S, {"variants__default": {"settings": {"centre_count": 5000}}},
        [S, "'mlcd' requires positives < centre_count <= train_examples; here centre_count = 5000, positives = 8"]),
    (C, {"methods": ["cross_entropy", "sup_con_binding"], **OWN, "budget__smoke__batch_size": 10},
        [C, "'sup_con_binding' requires batch_size > num_classes; here batch_size = 10, num_classes = 10"]),
    (O, {**wild(10, outliers=["permuted"]), "budget__smoke__batch_size": 2,
         "methods": ["msp", {"key": "scone", "settings": {"wild_share": 0.1}}]},
        [O, "'scone' requires 0 < round(wild_share * batch_size) < batch_size; here batch_size = 2, wild_share = 0.1"]),
]  # fmt: skip
OTHER = {**pupil("cross_entropy"), "only": ["default"]}
OTHER["base"] = {**OTHER["base"], "variant": "other"}
LEAN = {"methods": ["msp", "odin"], "budget__smoke__validation_outliers": []}
EVALUATED: Faults = [
    (O, LEAN, [O, "'odin' requires len(validation_outliers) > 0; here validation_outliers = []"]),
    (C, {"budget__smoke__validation_examples": 0}, [O, "'odin' requires validation_examples > 0"]),
    (O, {**LEAN, "methods": ["msp", "mahalanobis"]}, ["'mahalanobis' requires len(validation_outliers) > 0"]),
    (O, {"methods": ["msp", "odin"], "base": {"study": "classification", "method": "cross_entropy"}, **OWN,
         "budget__smoke__outliers": ["diabetes"]}, [O, "unknown outliers 'diabetes'", "fashion_mnist"]),
    (O, {**OWN, "base": {"study": "ssl", "method": "simclr"}},
        [O, "'msp' requires base_kind == 'classifier'; here base_kind = 'representation'"]),
    (C, {**OWN, "methods": ["cross_entropy", {"key": "distillation", "base": {"study": "ssl", "method": "simclr"}}]},
        [C, "'distillation' requires base_kind == 'classifier'; here base_kind = 'representation'"]),
    (C, {"methods": ["cross_entropy", OTHER], "variants": {"default": {
         "held_out_classes": [1]}, "other": {"methods": ["cross_entropy"]}}},
        [C, "'distillation' requires base_num_classes == num_classes; here base_num_classes = 10, num_classes = 9"]),
    (C, {**OWN, "methods": ["cross_entropy", {"key": "fine_tuning", "base": {"study": "ssl", "method": "simclr"}}],
         "budget__smoke__encoder": "resnet18"},
        [C, "'fine_tuning' requires base_encoder == encoder; here base_encoder = 'convnet', encoder = 'resnet18'"]),
    (C, {**OWN, "methods": ["cross_entropy", {"key": "naive_bayes_head", "base": {"study": "ssl", "method": "simclr"}}],
         "budget__smoke__encoder": "resnet18"}, [C, "'naive_bayes_head' requires base_encoder == encoder"]),
]  # fmt: skip
SEEN = {"id": "seen", "statement": "It is seen.", "metric": "top1", "method": "cosface", "above": 50}


def seen(**changes: Any) -> dict[str, Any]:
    return {"phenomena": [{name: value for name, value in (SEEN | changes).items() if value is not None}]}


PLACES: Faults = [
    (C, seen(metric="top2"), [f"{C}: phenomenon 'seen': unknown metric 'top2'", "did you mean 'top1'"]),
    (C, seen(method="cosfaec"), ["phenomenon 'seen': unknown method in variant 'default' 'cosfaec'", "mean 'cosface'"]),
    (C, seen(variant="held_uot"), ["phenomenon 'seen': unknown variant 'held_uot'", "did you mean 'held_out'"]),
    (C, seen(variant="held_out"), ["unknown method in variant 'held_out' 'cosface'", "known: cross_entropy"]),
    (C, seen(than="arcfaec"), ["phenomenon 'seen': unknown method in variant 'default' 'arcfaec'", "mean 'arcface'"]),
    (C, seen(than="arcface", than_metric="nl"), ["phenomenon 'seen': unknown metric 'nl'", "did you mean 'nll'"]),
    (C, seen(than="cosface"), [C, "phenomena.0", "'cosface' is compared with itself"]),
    (C, seen(than_metric="nll"), [C, "'than_variant' and 'than_metric' are of 'than', a method, which is missing"]),
    (C, seen(below=60), [C, "needs a bound: either 'above' or 'below'"]),
    (C, seen(above=None), [C, "needs a bound: either 'above' or 'below'"]),
    (C, seen(abvoe=1), [C, "unknown key 'phenomena.0.abvoe'", "did you mean 'above'"]),
    (C, {"phenomena": [SEEN, SEEN]}, [f"{C}: phenomenon 'seen': is stated twice"]),
    (C, {"core": {"defualt": ["cosface"]}}, [f"{C}: core: unknown variant 'defualt'", "did you mean 'default'"]),
    (C, {"core": {"default": ["cosfaec"]}}, [f"{C}: core: unknown method in variant", "did you mean 'cosface'"]),
    (C, {"core": {"held_out": ["cosface"]}}, [f"{C}: core: unknown method in variant 'held_out' 'cosface'"]),
    (C, {"core": {"default": []}}, [C, "core.default = []"]),
    (C, {"ceiling": "cosfaec"}, [f"{C}: ceiling: unknown method in variant", "did you mean 'cosface'"]),
    (C, {"ceiling": {"method": "cosface", "variant": "held_uot"}}, [f"{C}: ceiling: unknown variant", "'held_out'"]),
    (C, {"ceiling": {"key": "cosface"}}, [C, "ceiling"]),
    (C, {"resolution": {"top2": 1.0}}, [f"{C}: resolution: unknown metric 'top2'", "did you mean 'top1'"]),
    (C, {"resolution": {"top1": 0}}, [C, "resolution.top1 = 0", "greater than 0"]),
]
FAULTS = [*KEYS, *PLACES, *EVALUATED, *PROTOCOLS, *TWICE, *VALUES, *REQUIRED, *METRICS, *BUDGETS, *VARIANTS, *BASES]


@pytest.mark.parametrize(("file", "changes", "parts"), FAULTS, ids=[f"{Path(f).stem}-{c}"[:60] for f, c, _ in FAULTS])
def test_a_fault_is_one_line_that_names_key_value_and_remedy(
    tmp_path: Path, file: str, changes: dict[str, Any], parts: list[str]
) -> None:
    folder = project.make(tmp_path, small=False)
    project.edit(folder / "papers/label_smoothing.yaml", claims=[])  # they need methods that studies here may lose
    project.edit(folder / file, **changes)
    with pytest.raises(UserError) as caught:
        planning.load(folder)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert all(part in message for part in parts), message


def rates(method: str, rate: Any, variant: str = "default", **more: Any) -> dict[str, Any]:
    return {"smoke": {variant: {method: {"learning_rate": rate, **more}}}}


@pytest.mark.parametrize(
    ("searched", "parts"),
    [
        ({"smok": {"default": {}}}, ["studies/ssl.rates.yaml", "tier 'smok'", "did you mean 'smoke'"]),
        ({"smoke": {"defalt": {}}}, ["studies/ssl.rates.yaml: smoke", "variant 'defalt'", "did you mean 'default'"]),
        (rates("simlcr", 0.1), ["ssl.rates.yaml: smoke.default", "method 'simlcr'", "did you mean 'simclr'"]),
        (rates("random_encoder", 0.1), ["ssl.rates.yaml: smoke.default", "unknown method 'random_encoder'"]),
        (rates("simclr", 0), ["ssl.rates.yaml: smoke.default.simclr.learning_rate = 0", "greater than 0"]),
        (rates("simclr", "fast"), ["ssl.rates.yaml: smoke.default.simclr.learning_rate = 'fast'", "number"]),
        ({"smoke": {"default": {"simclr": {}}}}, ["ssl.rates.yaml: 'smoke.default.simclr.learning_rate' is missing"]),
        (rates("simclr", 0.1, settings={"tau": 1}), ["ssl.rates.yaml: smoke.default.simclr", "'tau'"]),
        (rates("simclr", 0.1, "temperature_1"), ["smoke.temperature_1: simclr", "variant 'default'", "take the line"]),
    ],
)
def test_faults_of_searched_rates(tmp_path: Path, searched: dict[str, Any], parts: list[str]) -> None:
    folder = project.make(tmp_path, small=False)
    project.write(folder / "studies/ssl.rates.yaml", searched)
    with pytest.raises(UserError) as caught:
        planning.load(folder)
    assert len(str(caught.value).splitlines()) == 1
    assert all(part in str(caught.value) for part in parts), caught.value


def test_no_study_has_the_name_of_a_rule(tmp_path: Path) -> None:
    snakefile = (project.HERE / "Snakefile").read_text(encoding="utf-8")
    assert set(re.findall(r"^rule (\w+):", snakefile, re.MULTILINE)) <= check.RULES
    assert set(re.findall(r'^ +f"(\w+_)\{key\}"$', snakefile, re.MULTILINE)) == set(check.MADE)
    folder = project.make(tmp_path, small=False)
    (folder / C).rename(folder / "studies/report.yaml")
    with pytest.raises(UserError, match=r"studies/report.yaml: 'report' is a rule of the Snakefile"):
        planning.load(folder, {"studies": ["report"]})


def test_figures_are_the_files_that_there_are() -> None:
    folder = project.HERE / "pipeline/exhibits/figures"
    assert "metrics" in check.figures()
    assert all((folder / f"{name}.py").exists() and not name.startswith("_") for name in check.figures())
