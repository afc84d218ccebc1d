"""Power-margin sampling: small margins with noise, so that a batch is not many times the same row."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.acquisition import Acquisition, Pool


class PowerMargin(Acquisition):
    """A batch drawn without replacement in proportion to s^beta, s = 1 - (p_1 - p_2) (Kirsch et al. 2023, section 3).

    By Gumbel's trick: the greatest beta log s + G, with G of the standard Gumbel distribution. They draw by other
    scores too; Bahri et al. compare this one. beta -> infinity is margin sampling, beta = 0 random.
    """

    paper = "stochastic_acquisition"
    beta: float = setting(1.0, unit="power of the score", low=0.0)

    def score(self, pool: Pool, generator: torch.Generator) -> Tensor:
        uniform = torch.rand(len(pool.labels), generator=generator, dtype=torch.float64).clamp(1e-300, 1 - 1e-16)
        gumbel = -(-uniform.log()).log()
        return self.beta * (1 - pool.margins).clamp_min(1e-300).log() + gumbel.to(pool.margins.device)
