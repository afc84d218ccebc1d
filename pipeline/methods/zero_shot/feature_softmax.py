"""A linear softmax of all classes learns from real features alone, of seen classes unless the study gives it others."""

from pipeline.contract import setting
from pipeline.methods.zero_shot import Synthesis


class FeatureSoftmax(Synthesis):
    """The last step of methods that make examples, with nothing made: cross-entropy of a linear classifier of all
    classes on real features. Without images of unseen classes it learns never to name one. Textbook.
    """

    paper = ""
    phases = (1.0,)
    emphasis: float = setting(0.0, unit="examples of an unseen class to one of a seen class", low=0.0, high=0.0)
