"""What goes wrong inside a network, read from what `probe.py` measured: gradients and slopes, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hpsearch.events import History, Signals
from hpsearch.training.findings import Finding

VANISHING = 1e-3  # the first layer's gradient against the last one's; three sigmoid layers have 1e-2, six 1e-4
EXPLODING, EXPLODING_SHARE = 1.0, 20.0  # a layer's gradient, and as a multiple of its weights; ordinary: 0.1 and 1
DEAD = 0.5  # of a layer's units, flat for every sample
SATURATED = 0.4  # of a layer's outputs; normal ones that are not too large have under 0.1

Sign = Callable[[Signals, int], str | None]


def inside(history: History, overcome: bool = False) -> list[Finding]:
    """What the first or the last measurement shows; of a network that learned in spite of it, what both show."""
    epochs = [epoch for epoch in sorted(history.signals) if history.signals[epoch].get("gradient_norm")]
    if not epochs:
        return []
    found = []
    for name, sign in SIGNS.items():
        said = [sign(history.signals[epoch], epoch) for epoch in dict.fromkeys((epochs[0], epochs[-1]))]
        shown = [sentence for sentence in said if sentence]
        if shown and (not overcome or len(shown) == len(said)):
            found.append(Finding(name, shown[-1]))
    return found


def _vanishing(signals: Signals, epoch: int) -> str | None:
    gradient = signals["gradient_norm"]
    first, last = gradient[0], gradient[-1]
    if len(gradient) < 2 or not 0 <= first < VANISHING * last:
        return None
    share = f"{last / first:,.0f} times smaller than" if first else "nothing against"
    return (
        f"The gradient of the first layer was {share} that of the last one in epoch {epoch}: "
        f"{first:.2g} against {last:.2g}."
    )


def _exploding(signals: Signals, epoch: int) -> str | None:
    pairs = list(zip(signals["gradient_norm"], signals.get("weight_norm", ()), strict=False))
    wild = [
        (gradient, weight, layer)
        for layer, (gradient, weight) in enumerate(pairs, 1)
        if gradient > EXPLODING and gradient > EXPLODING_SHARE * weight
    ]
    if not wild:
        return None
    gradient, weight, layer = max(wild)
    return f"The gradient of layer {layer} was {gradient:.3g} a weight in epoch {epoch}; the weights were {weight:.2g}."


def _dead(signals: Signals, epoch: int) -> str | None:
    worst, layer = _worst(signals.get("dead", ()))
    if worst < DEAD or signals.get("saturated"):
        return None
    return f"{worst:.0%} of the units of hidden layer {layer} were off for every sample in epoch {epoch}."


def _saturated(signals: Signals, epoch: int) -> str | None:
    worst, layer = _worst(signals.get("saturated", ()))
    if worst < SATURATED:
        return None
    return f"{worst:.0%} of the outputs of hidden layer {layer} were at a flat end of the activation in epoch {epoch}."


def _worst(shares: Sequence[float]) -> tuple[float, int]:
    """The largest share and its layer, from 1."""
    return max(((share, layer) for layer, share in enumerate(shares, 1)), default=(0.0, 0))


SIGNS: dict[str, Sign] = {
    "vanishing_gradients": _vanishing,
    "exploding_gradients": _exploding,
    "dead_units": _dead,
    "saturated_units": _saturated,
}
