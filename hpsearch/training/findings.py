"""What a diagnosis may name, and what can be done about each."""

from __future__ import annotations

from dataclasses import dataclass

#: One of these is always there, and stands first: the four cases of train error against dev error, or none of them.
VERDICTS = ("learning", "overfitting", "not_learning", "suspicious", "diverged")

ADVICE = {
    "learning": "No sign of over- or underfitting: search on, with more trials, epochs or data.",
    "overfitting": (
        "Try dropout, a larger l2 or l1, more input_noise or augmentation, fewer epochs, a smaller width or depth, "
        "or more training data."
    ),
    "not_learning": (
        "Try another learning_rate (ten times more, ten times less), adam as the optimizer, a larger width or depth, "
        "less dropout, l1 and l2."
    ),
    "suspicious": (
        "Check the data before anything else: whether train and dev come from the same source, whether samples "
        "stand in both, whether labels of the training part are wrong. Much dropout or augmentation can look like it."
    ),
    "diverged": "Try a learning_rate ten times smaller, gradient_clip 1, warmup_epochs, or another initialization.",
    "unstable": "Try a smaller learning_rate, lr_decay, warmup_epochs, a larger batch_size, or gradient_clip 1.",
    "plateaued": (
        "It stands still: try a larger learning_rate with lr_decay, momentum or adam, batch_norm, or a larger width."
    ),
    "still_improving": "Try more epochs, or a larger learning_rate.",
    "vanishing_gradients": (
        "Try relu as the activation, he_normal (relu) or xavier_normal (tanh) as the initialization, batch_norm, "
        "or a smaller depth."
    ),
    "exploding_gradients": (
        "Try he_normal or xavier_normal as the initialization, batch_norm, gradient_clip 1, or normalize: standard "
        "for the data."
    ),
    "dead_units": "Try he_normal as the initialization, a smaller learning_rate, batch_norm, or leaky_relu.",
    "saturated_units": (
        "Try xavier_normal as the initialization, batch_norm before the activation, a smaller learning_rate, or relu."
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a diagnosis names, and in `sentence` what was seen, with figures."""

    name: str
    sentence: str

    @property
    def advice(self) -> str:
        """What to try, in the names of hyperparameters; nothing for a name of another version's."""
        return ADVICE.get(self.name, "")
