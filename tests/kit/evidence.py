"""Evidence of each protocol, drawn at random: of a good model, or of one that knows nothing."""

from types import SimpleNamespace

import torch

from pipeline.contract import Inputs
from pipeline.ops import retrieval
from pipeline.ops.clusterings import matched
from pipeline.ops.curvature import Surface, ends
from pipeline.ops.geometry import class_means
from pipeline.ops.probes import linear_probe
from pipeline.ops.weight_lines import Along

K = 4


def clusters(labels, make, good):
    """Features (N, 9): tight about orthogonal means, or about one mean for all."""
    means = torch.eye(K, 9) if good else torch.ones(K, 9)
    return means[labels] + (0.1 if good else 1.0) * torch.randn(len(labels), 9, generator=make)


def class_scores(logits):
    """What the protocol makes of logits (N, K), in float64."""
    log_probabilities = logits.double().log_softmax(1)
    confidence, predictions = log_probabilities.exp().max(1)
    return {"log_probabilities": log_probabilities, "confidence": confidence, "predictions": predictions}


def supervised(good, seed=0, tests=120, train=200):
    make = torch.Generator().manual_seed(seed)
    labels, true = (torch.randint(K, (count,), generator=make) for count in (tests, train))
    wrong = torch.rand(train, generator=make) < 0.3
    given = torch.where(wrong, (true + 1) % K, true)
    scale = 6.0 if good else 0.0
    logits = torch.randn(tests, K, generator=make) + scale * torch.eye(K)[labels]
    train_logits = torch.randn(train, K, generator=make) + scale * (torch.eye(K)[true] - torch.eye(K)[(true + 1) % K])
    guess = torch.rand(train, generator=make)
    features, train_features = clusters(labels, make, good), clusters(true, make, good)
    return SimpleNamespace(
        labels=labels,
        **class_scores(logits),
        class_counts=(7, 90, 33, 70),
        watched=[20.0, 90.0 if good else 30.0, 25.0],
        train_logits=train_logits,
        train_predictions=train_logits.argmax(1),
        train_labels=given,
        wrong_labels=wrong,
        label_scores=guess - 0.9 * wrong if good else guess,
        suspects=wrong & (guess < 0.9) if good else guess < 0.3,
        features=features,
        train_features=train_features,
        class_means=class_means(train_features, true),
    )


def self_supervised(good, seed=0, tests=120, train=200):
    make = torch.Generator().manual_seed(seed)
    labels, bank_labels = (torch.randint(K, (count,), generator=make) for count in (tests, train))
    features, bank = clusters(labels, make, good), clusters(bank_labels, make, good)
    further, further_bank = ({"projected": clusters(of, make, good)} for of in (labels, bank_labels))
    probe, few = SimpleNamespace(neighbours=5), torch.arange(0, train, 10)
    return SimpleNamespace(
        labels=labels,
        bank=bank,
        bank_labels=bank_labels,
        features=features,
        num_classes=K,
        probe=probe,
        probe_logits=linear_probe(bank, bank_labels, features, K).logits,
        further_probe_logits={
            "10pct": linear_probe(bank[few], bank_labels[few], features, K).logits,
            "projected": linear_probe(further_bank["projected"], bank_labels, further["projected"], K).logits,
        },
        few_labels={"10pct": few},
        further_features=further,
        positive_pairs=(features, features + (0.01 if good else 3.0) * torch.randn(tests, 9, generator=make)),
    )


def ood(good, seed=0, tests=120):
    make = torch.Generator().manual_seed(seed)
    labels = torch.randint(K, (tests,), generator=make)
    right, right_shifted = (torch.rand(2, tests, generator=make) < (0.8 if good else 0.3)).unbind()
    known = torch.randn(tests, generator=make, dtype=torch.float64)
    return SimpleNamespace(
        labels=labels,
        predictions=torch.where(right, labels, (labels + 1) % K),
        right=right,
        right_shifted=right_shifted,
        scores_known=known + 4 + 3 * right if good else known,
        scores_unknown={
            name: torch.randn(n, generator=make, dtype=torch.float64) for name, n in (("a", 50), ("b", 90))
        },
    )


def multi_label(good, seed=0, tests=120):
    make = torch.Generator().manual_seed(seed)
    positives = (torch.rand(tests, K, generator=make) < 0.4).float()
    logits = torch.randn(tests, K, generator=make) + (8 if good else 0) * (positives - 0.5)
    return SimpleNamespace(positives=positives, logits=logits)


def rotation(good, seed=0, tests=120):
    make = torch.Generator().manual_seed(seed)
    targets = 180 * torch.rand(tests, generator=make) - 90
    noise = torch.randn(tests, generator=make)
    groups = {"many": targets.abs() < 20, "few": targets.abs() > 80, "medium": targets > 100}
    predictions = targets + noise if good else 60 * noise
    return SimpleNamespace(targets=targets, predictions=predictions, density_groups=groups)


def adversarial(good, seed=0, tests=120):
    make = torch.Generator().manual_seed(seed)
    made = supervised(good, seed, tests)
    shares = {0.1: 0.6, 0.05: 0.8} if good else {0.1: 0.0, 0.05: 0.05}

    def attacked():
        """By radius, the classes predicted: the label's for a share of the examples, else another."""
        kept = {radius: torch.rand(tests, generator=make) < share for radius, share in shares.items()}
        return {radius: torch.where(right, made.labels, (made.labels + 1) % K) for radius, right in kept.items()}

    seen = torch.randint(K, (tests,), generator=make)
    # of a poor network the strongest attacks leave one class
    left = torch.where((made.labels == 0) | torch.tensor(good), made.labels, (made.labels + 1) % K)
    by_all = dict.fromkeys(shares, left)
    # a network of one layer on views of four pixels, steep where it is poor
    views = torch.rand(tests, 1, 2, 2, generator=make)
    weight = ((1.0 if good else 9.0) * torch.randn(4, K, generator=make)).requires_grad_()
    return SimpleNamespace(
        **vars(made),
        radius=0.1,
        fgsm_predictions=attacked(),
        # whose gradients a poor network hides
        pgd_predictions=by_all if good else dict.fromkeys(shares, made.labels),
        aa_predictions=by_all,
        aa_classes=left,
        pgd_logits=class_logits(left),
        pgd_train_logits=class_logits(seen),
        pgd_train_labels=torch.where(torch.rand(tests, generator=make) < 0.5, (seen + 1) % K, seen) if good else seen,
        watched_robust=[50.0, 60.0, 59.0 if good else 20.0],
        watched_train_robust=[50.0, 70.0, 90.0 if good else 20.0],
        passes=4.0 if good else 9.0,
        test_views=views,
        classify=lambda at: at.flatten(1) @ weight,
        weights=[weight],
        pgd_train_views=views,
        robust_share=lambda at: at.mean((1, 2, 3))[:, None],
        inputs=Inputs(shape=(1, 2, 2), mean=(0.5,), std=(0.25,), bounds=(0.0, 1.0)),
    )


def class_logits(classes):
    return 9.0 * torch.eye(K)[classes]


def attacks(good, seed=0, tests=120):
    """Of a strong attack, or of one that finds next to nothing."""
    made = adversarial(good, seed, tests)
    left = torch.rand(tests, generator=torch.Generator().manual_seed(seed + 7)) < (0.1 if good else 0.8)
    return SimpleNamespace(
        labels=made.labels,
        predictions=made.predictions,
        attacked_predictions=torch.where(left, made.labels, (made.labels + 1) % K),
        passes=21.0 if good else 90.0,
    )


def certified(good, seed=0, tests=60):
    make = torch.Generator().manual_seed(seed)
    labels, sure = torch.randint(K, (tests,), generator=make), torch.rand(tests, generator=make)
    answers = torch.where(sure < (0.9 if good else 0.5), labels, -torch.ones_like(labels))
    radii = (0.8 if good else 0.2) * torch.rand(tests, generator=make, dtype=torch.float64) * (answers >= 0)
    held = torch.rand(tests, generator=make) < (0.9 if good else 0.3)
    return SimpleNamespace(
        certified_labels=labels,
        answers=answers,
        certified_radii=radii,
        all_radii=[0.1, 0.25],
        radius=0.25,
        broken=torch.zeros(tests, dtype=torch.bool) if good else ~held,
        attacked_answers={r: torch.where(held, answers, (labels + 1) % K) for r in (0.1, 0.25)},
        spread=(0.1 if good else 0.4) * torch.rand(tests, generator=make, dtype=torch.float64),
        tightness=(0.9 if good else 0.3) * torch.rand(tests, generator=make),
    )


def regression(good, seed=0, tests=120):
    """Predicted distributions: as wide as their errors, or a tenth of it."""
    made = rotation(good, seed, tests)
    del made.density_groups
    return SimpleNamespace(**vars(made), deviations=torch.full((tests,), 1.0 if good else 6.0))


def semi_supervised(good, seed=0, tests=120, unlabelled=150):
    make = torch.Generator().manual_seed(seed + 100)
    labels = torch.randint(K, (unlabelled,), generator=make)
    logits = 2 * torch.randn(unlabelled, K, generator=make) + (6.0 if good else 0.0) * torch.eye(K)[labels]
    hidden = torch.cat([labels, labels.new_full((unlabelled,), -1)])
    taken = torch.cat([labels if good else (labels + 1) % K, torch.randint(K, (unlabelled,), generator=make)])
    weights = torch.rand(2 * unlabelled, generator=make)
    scores = torch.randn(2 * unlabelled, K, generator=make) + (4.0 if good else 0.0) * torch.eye(K)[hidden.clamp(min=0)]
    places = scores.argsort(dim=1, descending=True).argsort(1)
    return SimpleNamespace(
        **vars(supervised(good, seed, tests)),
        beliefs={
            "own": (0.5 * scores).softmax(1),
            "spread": scores.softmax(1),
            "aligned": scores.softmax(1),
            "kept": ((places == 0) | (places > 1)).float(),
        },
        unlabelled_logits=logits,
        unlabelled_labels=labels,
        hidden_labels=hidden,
        pseudo_classes=taken,
        pseudo_weights=weights * (hidden >= 0) if good else weights,
        view_norms=1 + torch.rand(unlabelled, 1 if good else 2, generator=make).expand(-1, 2),
        watched_pseudo_labels=[(20.0, 90.0), (60.0, 80.0)] if good else [(20.0, 90.0), (0.0, 0.0)],
        images_seen=1000 if good else 9000,
    )


def category_discovery(good, seed=0, tests=120, unlabelled=150):
    """Clusters that are the classes under other numbers, a tenth of them astray; or drawn at random, and too few."""
    make = torch.Generator().manual_seed(seed + 200)
    made = {}
    for name, count in (("", tests), ("unlabelled_", unlabelled)):
        labels = torch.randint(K, (count,), generator=make)
        stray = torch.rand(count, generator=make) < (0.1 if good else 1.0)
        drawn = torch.randint(K if good else 2, (count,), generator=make)
        clusters = torch.where(stray, drawn, (labels + 1) % K)
        made |= {f"{name}labels": labels, f"{name}clusters": clusters, f"{name}predictions": matched(clusters, labels)}
    prototypes = torch.eye(K, 9) if good else torch.ones(K, 9) + 0.1 * torch.randn(K, 9, generator=make)
    return SimpleNamespace(
        **made,
        old_classes=2,
        true_classes=K,
        found_clusters=K if good else 2,
        prototypes=prototypes,
        before_sessions=95.0,
        true_shares=torch.arange(1.0, K + 1) / (K * (K + 1) / 2),
        assumed_shares=torch.arange(1.0, K + 1) / (K * (K + 1) / 2) if good else torch.full((K + 2,), 1 / (K + 2)),
    )


def subset_selection(good, seed=0, tests=120, train=200):
    """What is kept lies all over the inputs and is labelled rightly, or lies in one place and is not."""
    make, made = torch.Generator().manual_seed(seed + 200), supervised(good, seed, tests, train)
    pixels, guess = torch.randn(train, 5, generator=make), torch.rand(train, generator=make)
    kept = (guess < 0.4) & ~made.wrong_labels if good else (pixels[:, 0] > 0.8) & (made.wrong_labels | (guess < 0.3))
    return SimpleNamespace(**vars(made), kept=kept, train_pixels=pixels, augmented=500 if good else 9000)


def targeted(good, seed=0, tests=120, train=200, target_count=30):
    """What is kept is of the target's two domains, or of another one."""
    make, made = torch.Generator().manual_seed(seed + 300), subset_selection(good, seed, tests, train)
    domains = torch.randint(4, (train,), generator=make)
    made.train_pixels = torch.eye(4, 5)[domains] + 0.1 * made.train_pixels
    wanted = (domains == 1) | (domains == 2)
    candidate = torch.arange(train) < train - target_count
    made.kept = candidate & (wanted if good else domains == 0)
    return SimpleNamespace(
        **vars(made),
        kept_domains=domains[made.kept],
        target_domains=[1, 2],
        target_count=target_count,
        target_pixels=torch.eye(4, 5)[[1, 2] * (target_count // 2)],
    )


def theory(good, seed=0, repetitions=50):
    make = torch.Generator().manual_seed(seed)
    held = (torch.rand(repetitions, generator=make) < (0.95 if good else 0.2)).double()
    numbers = dict.fromkeys(
        ("exponent", "looseness", "deviation", "half_point", "gap", "log_ratio", "level", "level_plain"),
        torch.randn(repetitions, generator=make, dtype=torch.float64),
    )
    return SimpleNamespace(quantities={"holds": held, "covered": held, "violation": 1 - held, **numbers})


def sparsity_measure(good, seed=0, tests=120):
    make = torch.Generator().manual_seed(seed)
    breakable = torch.rand(tests, generator=make) < (0.3 if good else 0.9)
    widths = torch.rand(tests, generator=make, dtype=torch.float64) * (3.0 if good else 0.5)
    return SimpleNamespace(breakable=breakable, sparse=widths * breakable)


def transfer_attack(good, seed=0, tests=120):
    make = torch.Generator().manual_seed(seed)
    before, wanted = (torch.randint(K, (tests,), generator=make) for _ in range(2))
    seen = torch.where(torch.rand(tests, generator=make) < (0.8 if good else 0.05), wanted, before)
    approach = torch.rand(tests, generator=make, dtype=torch.float64) - (0.0 if good else 0.5)
    return SimpleNamespace(seen_labels=seen, seen_before=before, target_labels=wanted, approach=approach)


def active_learning(good, seed=0, tests=120, rounds=12):
    """Of a learner that has most test rows right after the first round, or of one that guesses."""
    make = torch.Generator().manual_seed(seed)
    labels = torch.randint(K, (tests,), generator=make)
    right = torch.rand(rounds + 1, tests, generator=make) < (0.9 if good else 1 / K)
    guesses = torch.randint(K, (rounds + 1, tests), generator=make)
    seen = torch.where(right, labels, guesses)
    return SimpleNamespace(
        labels=labels,
        predictions=seen[-1],
        round_labels=torch.arange(rounds + 1) * 10 + 8,
        round_predictions=seen,
        bought_margins=torch.rand(10 * rounds, generator=make, dtype=torch.float64) * (0.1 if good else 1.0),
        bought_spacings=torch.rand(10 * rounds, generator=make, dtype=torch.float64),
    )


def metric_learning(good, seed=0, tests=240, train=200):
    """Images of one class in one place, seen classes too, and training images near them; or all in disorder."""
    make = torch.Generator().manual_seed(seed + 400)
    labels, seen = (torch.randint(K, (count,), generator=make) for count in (tests, tests))
    features = clusters(labels, make, good)
    similarities = retrieval.among(features)
    degradations, guess = torch.randint(16, (tests,), generator=make), torch.randn(tests, generator=make)
    return SimpleNamespace(
        labels=labels,
        features=features,
        further_features={},
        qualities=guess - degradations if good else guess,
        rejections={"": torch.linspace(0.4, 0.1 if good else 0.6, 31), "random": torch.full((31,), 0.4)},
        split_directions=(torch.eye(3, 9), torch.eye(3, 9) if good else -torch.eye(3, 9)),
        train_features=clusters(torch.randint(K, (train,), generator=make), make, True) * (1 if good else -1),
        similarities=similarities,
        hits=retrieval.hits(similarities, labels),
        relevant=retrieval.relevant(labels),
        seen_hits=retrieval.hits(retrieval.among(clusters(seen, make, good)), seen),
        seen_relevant=retrieval.relevant(seen),
        pair_similarities=retrieval.pairs(similarities, labels),
        degradations=degradations,
    )


def cross_view(good, seed=0, tests=120):
    """The first of five references is of the query's class, and those after it often; or any of four."""
    make = torch.Generator().manual_seed(seed + 600)
    hits, seen = (torch.rand(tests, 5, generator=make) < (0.9 if good else 1 / K) for _ in range(2))
    return SimpleNamespace(cross_hits=hits, cross_seen_hits=seen)


def zero_shot(good, seed=0, tests=240):
    """The right class is the best, of unseen images too, and made examples are like real ones; or all is by chance."""
    make = torch.Generator().manual_seed(seed + 500)
    labels = torch.randint(2 * K, (tests,), generator=make)
    scores = torch.randn(tests, 2 * K, generator=make) + (6.0 if good else 0.0) * torch.eye(2 * K)[labels]
    of_seen, (seen, unseen) = labels < K, scores.split(K, dim=1)
    real = labels[~of_seen]
    made = torch.arange(K, 2 * K).repeat(30)
    return SimpleNamespace(
        labels=labels,
        of_seen=of_seen,
        lead=seen.amax(1) - unseen.amax(1),
        right_within=torch.where(of_seen, seen.argmax(1), K + unseen.argmax(1)) == labels,
        doubts=torch.rand(tests, generator=make) + ((~of_seen).float() if good else of_seen.float()),
        made=(clusters(made - K, make, good), made),
        unseen_representations=(clusters(real - K, make, True), real),
    )


def few_shot(good, seed=0, count=60):
    """Novel images in one place by class, and shares of queries that are right; or disorder, and guesses."""
    make, made = torch.Generator().manual_seed(seed + 500), metric_learning(good, seed)
    shares = {name: torch.rand(count, generator=make, dtype=torch.float64) / 2 for name in ("one_shot", "five_shots")}
    return SimpleNamespace(
        **vars(made),
        episode_right={name: share + (0.4 if good else 0.0) for name, share in shares.items()},
        centroid_right={name: share + 0.2 for name, share in shares.items()},
    )


def multi_label_retrieval(good, seed=0, tests=120, count=240):
    """Queries with one to four of many labels, which score highest, the rare ones too; or scores by chance."""
    make = torch.Generator().manual_seed(seed + 600)
    numbers = torch.randint(1, 5, (tests, 1), generator=make)
    places = torch.rand(tests, count, generator=make).argsort(1).argsort(1)
    positives = (places < numbers).float()
    return SimpleNamespace(
        scores=torch.randn(tests, count, generator=make) + (4.0 if good else 0.0) * positives,
        positives=positives,
        label_counts=torch.arange(float(count), 0, -1),
        train_queries=2 * count,
        hardest_in_batch=torch.rand(tests, 10, generator=make) < (0.6 if good else 0.1),
    )


def curvature(good, seed=0, tests=120, train=200):
    """On a paraboloid, flat or steep, away from its lowest point, by steps that are watched."""
    make = torch.Generator().manual_seed(seed)
    scale = 0.1 if good else 10.0
    weights, bends = 0.01 * torch.randn(2, 3, generator=make), scale * (1 + torch.arange(6.0)).view(2, 3)
    weights = (weights if good else 9 * weights).requires_grad_()
    surface = Surface(lambda: [0.5 * (bends * weights.square()).sum()], [weights])
    worse = 1.0 if good else 3.0
    rows = []
    for epoch in range(7):
        drawn = worse * (1 + torch.rand(8, generator=make, dtype=torch.float64))
        names = ("", "_gradient", "_clipped", "_random")
        row = {f"directional_sharpness{end}": float(value) for end, value in zip(names, drawn[:4], strict=True)}
        row |= {"sharp_share": float(drawn[4]) / 8, "loss": 1 / (epoch + 1), "loss_worst": 1 + float(drawn[5])}
        row |= {"spike_lag": float(epoch), "rms_worst": float(drawn[6]), "conflict_share": 10 * float(drawn[7])}
        row |= {"gradient_norm": 1.0, "gradient_largest": 9.0 + epoch, "radius_at_largest": 1.1}
        rows.append(row | {"learning_rate": 0.1, "lambda_max": 10.0 * worse + epoch, "ascent": 0.05})
    made = supervised(good, seed, tests, train)
    vars(made).update(
        history=rows,
        layer_weights=[torch.randn(30, 20, generator=make), torch.randn(20, 40, generator=make)],
        start_weights=[torch.randn(30, 20, generator=make), torch.randn(20, 20, generator=make)],
        surface=surface,
        eigenvalues=ends(surface.hessian(), torch.ones(6), 6),
        directions=torch.Generator().manual_seed(seed),
        probes=8,
        radius=0.05,
        adaptive_radius=0.05,
        travelled=torch.randn(9, generator=make),
        right_shifted=torch.rand(tests, generator=make) < (0.9 if good else 0.2),
        train_losses=torch.rand(train, generator=make).double() * (0.1 if good else 3.0),
        step_cost=1.0 if good else 3.0,
    )
    return made


def offline_design(good, seed=0, designs=40):
    """Designs about as good as they are taken for, or poor ones of which much is expected, by a sharp surrogate."""
    make = torch.Generator().manual_seed(seed + 700)
    scores = (0.9 if good else 0.4) - 0.3 * torch.rand(designs, generator=make, dtype=torch.float64)
    expected = scores + (0.01 if good else 0.8) * torch.rand(designs, generator=make, dtype=torch.float64)
    mean = float(scores.mean())
    return SimpleNamespace(
        design_scores=scores,
        design_predictions=expected,
        design_course={0: (0.3, 0.3), 50: (0.4, 0.5), 100: (mean, float(expected.mean()))},
        prediction_gradient=torch.randn(90, generator=make) * (0.1 if good else 1.0),
    )


def fine_tuning_shift(good, seed=0, tests=120):
    """What is right on an unseen domain and on the source, the radii of steps, and a line that flatness tells of."""
    make = torch.Generator().manual_seed(seed + 700)
    right = torch.rand(2, tests, generator=make) < (0.9 if good else 0.2)
    shares, layers = torch.linspace(0, 1, 11), torch.rand(3, 11, generator=make)
    unseen = 100 - 40 * layers[1] if good else 100 * torch.rand(11, generator=make)
    return SimpleNamespace(
        right_source=right[0],
        radii=torch.linspace(0.1, 0.01, 5),
        along=Along(
            shares=shares,
            accuracy={"unseen": unseen},
            sharpness=torch.rand(11, generator=make),
            layers=layers,
            barriers=torch.tensor([0.1, 0.5, 0.2]),
            sparsified=80.0,
        ),
    )


def spectral_risk(good, seed=0, tests=120):
    """A course that comes near its minimum, or stays; losses of test examples of four classes."""
    make = torch.Generator().manual_seed(seed + 700)
    groups = torch.randint(K, (tests,), generator=make)
    return SimpleNamespace(
        labels=groups,
        groups=groups,
        risk_course=1 + (0.1 if good else 0.95) ** torch.arange(21.0, dtype=torch.float64).numpy(),
        least_risk=1.0,
        test_losses=(1.0 if good else 5.0) * torch.rand(tests, generator=make, dtype=torch.float64) * (1 + groups),
        passes=1.0 if good else 9.0,
    )


MADE = (
    *(theory, supervised, self_supervised, ood, multi_label, rotation, adversarial, attacks, certified),
    *(
        regression,
        category_discovery,
        semi_supervised,
        sparsity_measure,
        transfer_attack,
        subset_selection,
        targeted,
        active_learning,
        metric_learning,
        cross_view,
        zero_shot,
        few_shot,
        multi_label_retrieval,
        curvature,
        offline_design,
        fine_tuning_shift,
        spectral_risk,
    ),
)
PROTOCOLS = {made.__name__: made for made in MADE}
