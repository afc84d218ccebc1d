"""What it has more than GAM is SAM's gradient in place of the plain one; without GAM's part it is SAM."""

from pipeline.methods.gradient_norm.gam import GAM
from pipeline.methods.gradient_norm.gam_sam import GAMSAM
from pipeline.methods.sharpness_aware.sam import SAM
from tests.kit.slopes import close, gradient, plus, smooth, stepped, times


def test_it_is_gam_on_top_of_sam():
    method, data = smooth(GAMSAM, rho=0.3, rho_sam=0.2)
    bent = plus(stepped(smooth(GAM, rho=0.3)[0], data), times(-1, gradient(method, data)))
    close(stepped(method, data), plus(stepped(smooth(SAM, rho=0.2)[0], data), bent))


def test_limits():
    data = smooth(SAM)[1]
    close(stepped(smooth(GAMSAM, alpha=0.0)[0], data), stepped(smooth(SAM)[0], data))
    close(stepped(smooth(GAMSAM, rho_sam=0.0)[0], data), stepped(smooth(GAM)[0], data))
