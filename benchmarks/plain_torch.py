"""A multilayer perceptron, LeNet and their training in PyTorch's own words, one trial at a time: what people write.

The same hyperparameters mean the same arithmetic as in hpsearch; a test compares the two step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ExponentialLR, LRScheduler, StepLR

from hpsearch.training.config import Config

Batches = Iterable[tuple[Tensor, Tensor]]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
}
INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "xavier_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"),  # N(0, 1/inputs)
    "xavier_uniform": nn.init.xavier_uniform_,
    "standard_normal": nn.init.normal_,
}


KNOWN = {
    *("depth", "width", "channels", "activation", "batch_norm", "initialization", "dropout", "input_noise"),
    *("optimizer", "learning_rate", "momentum", "rmsprop_beta", "adam_beta1", "adam_beta2"),
    *("lr_decay", "decay_rate", "decay_epochs", "l1", "l2", "batch_size", "epochs"),
}


def refused(names: Iterable[str]) -> list[str]:
    """Those of a study's hyperparameters that this loop would pass over in silence."""
    return sorted(name for name in names if name not in KNOWN)


def build_network(config: Config, inputs: tuple[int, ...], classes: int) -> nn.Sequential:
    """A multilayer perceptron from [sample, *inputs] to logits [sample, classes]."""
    layers: list[nn.Module] = [nn.Flatten()]
    features = math.prod(inputs)
    for _ in range(config.depth):
        layers += _hidden(config, features, config.width)
        features = config.width
    return _initialised(config, [*layers, nn.Linear(features, classes)])


def build_lenet(config: Config, inputs: tuple[int, ...], classes: int) -> nn.Sequential:
    """LeNet from [sample, channel, row, column] to logits [sample, classes]."""
    maps, rows, columns = inputs
    layers: list[nn.Module] = []
    for channels in (config.channels, max(1, round(config.channels * 8 / 3))):
        layers.append(nn.Conv2d(maps, channels, 5, padding=2, bias=not config.batch_norm))
        if config.batch_norm:
            layers.append(nn.BatchNorm2d(channels))
        layers += [ACTIVATIONS[config.activation](), nn.MaxPool2d(2)]
        maps = channels
    layers.append(nn.Flatten())
    features = maps * (rows // 4) * (columns // 4)
    for width in (config.width, max(1, round(config.width * 7 / 10))):
        layers += _hidden(config, features, width)
        features = width
    return _initialised(config, [*layers, nn.Linear(features, classes)])


NETWORKS = {"mlp": build_network, "lenet": build_lenet}


def _hidden(config: Config, inputs: int, width: int) -> list[nn.Module]:
    normalised = [nn.BatchNorm1d(width)] if config.batch_norm else []
    dropout = [nn.Dropout(config.dropout)] if config.dropout > 0 else []
    return [nn.Linear(inputs, width), *normalised, ACTIVATIONS[config.activation](), *dropout]


def _initialised(config: Config, layers: list[nn.Module]) -> nn.Sequential:
    for layer in layers:
        if isinstance(layer, nn.Linear | nn.Conv2d):
            INITIALIZERS[config.initialization](layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def build_optimizer(config: Config, network: nn.Module) -> Optimizer:
    """The optimizer with L2 on the weights only, as `weight_decay`."""
    parameters = list(network.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": config.l2},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    match config.optimizer:
        case "sgd":
            return torch.optim.SGD(groups, lr=config.learning_rate)
        case "momentum":
            return torch.optim.SGD(groups, lr=config.learning_rate, momentum=config.momentum)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=config.learning_rate, alpha=config.rmsprop_beta)
        case "adam":
            betas = (config.adam_beta1, config.adam_beta2)
            return torch.optim.Adam(groups, lr=config.learning_rate, betas=betas)
    raise ValueError(f"this loop has no optimizer {config.optimizer!r}")


def build_scheduler(config: Config, optimizer: Optimizer) -> LRScheduler | None:
    """What changes the learning rate after each epoch; None where it is constant."""
    match config.lr_decay:
        case "none":
            return None
        case "step":
            return StepLR(optimizer, step_size=config.decay_epochs, gamma=config.decay_rate)
        case "exponential":
            return ExponentialLR(optimizer, gamma=config.decay_rate)
    raise ValueError(f"this loop has no decay {config.lr_decay!r}")


def train_epoch(network: nn.Module, batches: Batches, optimizer: Optimizer, config: Config) -> tuple[float, float]:
    """Train on every batch once; mean loss, without penalties, and accuracy, as they were when trained on."""
    network.train()
    weights = [p for p in network.parameters() if p.dim() >= 2]
    loss_sum, hits, samples = 0.0, 0, 0
    for x, y in batches:
        if config.input_noise > 0:
            x = x + config.input_noise * torch.randn_like(x)
        optimizer.zero_grad()
        logits = network(x)
        loss = functional.cross_entropy(logits, y)
        penalised = loss
        if config.l1 > 0:
            penalised = loss + config.l1 * torch.stack([w.abs().sum() for w in weights]).sum()
        penalised.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        loss_sum += loss.item() * len(y)
        hits += int((logits.argmax(1) == y).sum())
        samples += len(y)
    return loss_sum / samples, hits / samples


def evaluate(network: nn.Module, batches: Batches) -> tuple[float, float]:
    """Mean loss and accuracy over all batches."""
    network.eval()
    loss_sum, hits, samples = 0.0, 0, 0
    with torch.no_grad():
        for x, y in batches:
            logits = network(x)
            loss_sum += functional.cross_entropy(logits, y, reduction="sum").item()
            hits += int((logits.argmax(1) == y).sum())
            samples += len(y)
    return loss_sum / samples, hits / samples
