"""Each image is classified among clusters of another encoder's features, the several nearest ones being right."""

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.joint_embedding import Pretrained
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.ema import follower
from pipeline.ops.heads import CosineLinear
from pipeline.ops.kmeans import embedded, kmeans, nearest


class MLCD(Pretrained, SimCLR):
    """log(1 + sum_{j in negatives} exp(s_j)) + log(1 + sum_{i in positives} exp(-s_i)), s_k = `scale` cos(z, w_k),
    w_k learned from random values; mean over images and, here, both views.

    Positives are the centres nearest to the image, by k-means of features of unit length; negatives a random share of
    the others, drawn once a batch. The paper clusters 400 million images into a million centres by an off-the-shelf
    encoder (CLIP). There is none here, so that SimCLR trains one, in `pretraining` of the study's epochs; as in the
    paper the one that learns from the clusters then starts from nothing, unless `anew` is off. The authors do not
    publish their loss and point to their earlier partial softmax; of the paper no more than the abstract was at
    hand. The scale is that softmax's; numbers of positives and share of negatives are chosen here, and no margin is
    added to the positives, as an appendix is said to do.
    """

    paper = "mlcd"
    requires = ("positives < centre_count <= train_examples",)
    training_only = ("projector", "initial", "centres", "nearest")
    centre_count: int = setting(1_000_000, unit="centres", low=2)
    positives: int = setting(8, unit="centres", low=1)
    negatives: float = setting(0.1, unit="share of centres", low=0.0, high=1.0)
    scale: float = setting(32.0, low=0.0)
    pretraining = 0.5
    anew: bool = setting(True)

    nearest: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.centres = CosineLinear(self.projection_dim, self.centre_count)
        self.initial = follower(nn.ModuleList([self.encoder, self.projector]))
        places = torch.zeros(context.train_examples, self.positives, dtype=torch.int64)
        self.register_buffer("nearest", places)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 0:
            return
        features = nn.functional.normalize(embedded(self.encoder, training.plain()))
        centres, _ = kmeans(features, self.centre_count)
        self.nearest.copy_(nearest(features, centres, self.positives))
        if self.anew:
            nn.ModuleList([self.encoder, self.projector]).load_state_dict(self.initial.state_dict())

    def loss(self, batch: Batch) -> Tensor:
        if self.phase == 0:
            return super().loss(batch)
        kept = torch.rand(self.centre_count, device=batch.indices.device).argsort() < self.negatives * self.centre_count
        right = self.nearest[batch.indices]
        losses = [self.disambiguated(self.scale * self.centres(z), right, kept) for z in self.embed(batch.views)]
        return torch.stack(losses).mean()

    @staticmethod
    def disambiguated(scores: Tensor, right: Tensor, kept: Tensor) -> Tensor:
        """Loss of scores (B, K), the positives' numbers (B, P) and a mask (K,) of who may be a negative."""
        zero = scores.new_zeros(len(scores), 1)
        negatives = scores.masked_fill(~kept, -torch.inf).scatter(1, right, -torch.inf)
        positives = scores.gather(1, right)
        return (torch.cat([zero, negatives], 1).logsumexp(1) + torch.cat([zero, -positives], 1).logsumexp(1)).mean()
