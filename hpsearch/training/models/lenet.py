"""LeNet-5 in today's form: LeCun et al., "Gradient-based learning applied to document recognition", 1998."""

from __future__ import annotations

from torch import nn

from hpsearch.errors import InputError
from hpsearch.training.config import Config
from hpsearch.training.convolution import MaxPool, convolved, image_shape
from hpsearch.training.layers import Linear, activation, hidden


def build(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    """A network from [sample, channel, row, column] to [sample, outputs].

    Twice: 5 × 5 convolution, batch norm if asked for, activation, 2 × 2 max pool; then two dense layers, each
    with batch norm if asked for, activation, dropout; then a linear layer. LeNet-5's proportions are kept: 6 and
    16 maps become `channels` and 8/3 of it, 120 and 84 units `width` and 7/10 of it, rounded. Each
    convolution has a border of two zeros, so that small images keep something to pool. Raises InputError for
    samples that are no images, or smaller than 4 × 4.
    """
    maps, rows, columns = image_shape("lenet", inputs)
    if min(rows, columns) < 4:
        raise InputError(f"lenet halves images twice: {rows}×{columns} is too small, 4×4 is the least")
    layers: list[nn.Module] = []
    for channels in (config.channels, max(1, round(config.channels * 8 / 3))):
        layers += [*convolved(config, maps, channels, kernel=5), activation(config), MaxPool()]
        maps = channels
    layers.append(nn.Flatten())
    features = maps * (rows // 4) * (columns // 4)
    for width in (config.width, max(1, round(config.width * 7 / 10))):
        layers += hidden(config, features, width)
        features = width
    return nn.Sequential(*layers, Linear(features, outputs))
