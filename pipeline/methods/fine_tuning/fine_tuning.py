"""Plain fine-tuning: all weights of a pretrained encoder go on training, with a linear head, by cross-entropy."""

from pipeline.methods.fine_tuning import PretrainedClassifier


class FineTuning(PretrainedClassifier):
    """L = -log p_y with p = softmax(h(f(x))), f beginning as the base's encoder. Textbook: the baseline of the others.

    One learning rate for encoder and head.
    """

    paper = ""
