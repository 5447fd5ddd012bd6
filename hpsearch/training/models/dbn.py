"""A deep belief network: an mlp whose hidden layers are first trained as restricted Boltzmann machines.

Hinton, Osindero and Teh, "A fast learning algorithm for deep belief nets", Neural Computation 18, 2006: layer by
layer, each machine learns what the one below makes of the data. Then all layers are trained together, as an mlp.
"""

from __future__ import annotations

from torch import Tensor, nn

from hpsearch.events import Signals
from hpsearch.training import rbm
from hpsearch.training.config import Config
from hpsearch.training.layers import Linear
from hpsearch.training.models import mlp
from hpsearch.training.noise import Purpose, generator


class DeepBeliefNetwork(nn.Sequential):
    """The layers of an mlp, with a method that finds their first weights."""

    def pretrain(self, weights: dict[str, Tensor], config: Config, seed: int, x: Tensor, batch: int) -> Signals:
        """Change the first weights and biases of the hidden layers, by name and in place, to those of trained machines.

        `x` [sample, ...] are the training samples, of which a step takes `batch`. A machine's hidden units are
        sigmoid, whatever the network's activation; pretraining is made for sigmoid networks. The output layer keeps
        its initialisation, and so do all layers where `pretrain_epochs` is 0. Returns each machine's errors, epoch by
        epoch, under ``reconstruction_error_1`` (the first layer) and so on: mean squared errors per visible unit.
        """
        if config.pretrain_epochs == 0:
            return {}
        features = x.flatten(1)
        measured = {}
        layers = [name for name, module in self.named_children() if isinstance(module, Linear)][:-1]
        for number, name in enumerate(layers, start=1):
            machine, features, measured[f"reconstruction_error_{number}"] = rbm.train(
                features,
                config.width,
                epochs=config.pretrain_epochs,
                batch=batch,
                steps=config.cd_steps,
                learning_rate=config.pretrain_learning_rate,
                rng=generator(seed, Purpose.PRETRAINING, number),
            )
            weights[f"{name}.weight"].copy_(machine.weight)
            weights[f"{name}.bias"].copy_(machine.hidden_bias)
        return measured


def build(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    """A network from [sample, *inputs] to [sample, outputs]: the same as `mlp.build` makes, with pretraining."""
    return DeepBeliefNetwork(*mlp.build(config, inputs, outputs).children())
