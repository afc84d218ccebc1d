"""Two auto-encoders, of features and of attributes, share a latent space in which each decodes the other's codes and
their distributions meet; classes are learned from latents."""

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.zero_shot import Synthesis
from pipeline.ops.gaussian_codes import Code, from_unit, sampled, wasserstein
from pipeline.ops.heads import mlp


class CADAVAE(Synthesis):
    """L = sum_m |x_m - D_m(z_m)|_1 + beta KL(q(z | x_m) || N(0, I)) + gamma sum_{m != n} |x_m - D_m(z_n)|_1 + delta W,
    with m, n features and their class's attributes, z = mu + sigma eps, and W = (|mu_1 - mu_2|^2 + |sigma_1 -
    sigma_2|^2)^(1/2) between both codes, summed over dimensions and averaged over examples.

    Weights rise linearly, by the authors' code over epochs 0 to 93 (beta), 21 to 75 (gamma) and 6 to 22 (delta) of
    100, to 0.25, 2.37 and 8.13. delta = 0 is the paper's CA-VAE, gamma = 0 its DA-VAE. Then a softmax learns from
    codes drawn of seen images and of unseen classes' attributes, twice as many of each of the latter, and answers on
    mu. Where text and code differ the text's is taken: the code draws one number for all dimensions of an example, and
    takes sigma = exp(log sigma^2) there. With a few images of unseen classes the code trains the softmax alone on them,
    as many draws as of attributes; ours trains the auto-encoders on them too. Ours: one hidden layer of `hidden` in
    place of 665 to 1,660, `latent` in place of 64.
    """

    paper = "cada_vae"
    beta: float = setting(0.25, low=0.0)
    gamma: float = setting(2.37, low=0.0)
    delta: float = setting(8.13, low=0.0)
    hidden: int = setting(128, low=1)
    latent: int = setting(16, low=1)
    training_only = (*Synthesis.training_only, "decoders")

    def build(self, context: Context) -> None:
        super().build(context)
        sizes = [self.width, self.attributes.shape[1]]
        self.encoders = nn.ModuleList(mlp([size, self.hidden, 2 * self.latent]) for size in sizes)
        self.decoders = nn.ModuleList(mlp([self.latent, self.hidden, size]) for size in sizes)

    @property
    def dimensions(self) -> int:
        return self.latent

    def code(self, modality: int, inputs: Tensor) -> Code:
        """Of features (0) or attributes (1), (B, ...): mean and log variance (B, latent)."""
        return Code(*self.encoders[modality](inputs).chunk(2, 1))

    def objective(self, features: Tensor, labels: Tensor) -> Tensor:
        inputs = (features, self.attributes[labels])
        codes = [self.code(place, each) for place, each in enumerate(inputs)]
        draws = [sampled(code) for code in codes]
        own, cross = (
            sum((inputs[m] - self.decoders[m](draws[m ^ other])).abs().sum(1) for m in (0, 1)) for other in (0, 1)
        )
        divergence = from_unit(codes[0]) + from_unit(codes[1])
        beta, gamma, delta = self.weights()
        return (own + beta * divergence + gamma * cross + delta * wasserstein(*codes)).mean()

    def weights(self) -> tuple[float, float, float]:
        """beta, gamma and delta as far as they have risen."""
        spans = ((self.beta, 0.0, 0.93), (self.gamma, 0.21, 0.75), (self.delta, 0.06, 0.22))
        beta, gamma, delta = (top * min(max((self.progress - a) / (b - a), 0.0), 1.0) for top, a, b in spans)
        return beta, gamma, delta

    def represent(self, features: Tensor) -> Tensor:
        return self.code(0, features).mean

    def drawn(self, features: Tensor) -> Tensor:
        return sampled(self.code(0, features))

    def make(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return sampled(self.code(1, self.attributes[labels]), generator)
