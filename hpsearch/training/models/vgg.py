"""VGG: blocks of small convolutions (Simonyan and Zisserman, "Very deep convolutional networks", ICLR 2015)."""

from __future__ import annotations

from torch import nn

from hpsearch.errors import InputError
from hpsearch.training.config import Config
from hpsearch.training.convolution import MaxPool, convolved, image_shape
from hpsearch.training.layers import Linear, activation, hidden


def build(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    """A network from [sample, channel, row, column] to [sample, outputs].

    `depth` blocks of two 3 × 3 convolutions, each with batch norm if asked for and activation, and a 2 × 2 max
    pool; then a dense layer of `width` units with activation and dropout, and a linear layer. Feature maps double
    from block to block, from `channels` to eight times as many (the paper's 64 to 512). Raises InputError for
    samples that are no images, or too small to be halved `depth` times.
    """
    maps, rows, columns = image_shape("vgg", inputs)
    most = min(rows, columns).bit_length() - 1
    if config.depth > most:
        raise InputError(f"vgg: depth {config.depth} halves {rows}×{columns} images to nothing: at most {most}")
    layers: list[nn.Module] = []
    for number in range(config.depth):
        channels = config.channels * min(2**number, 8)
        for given in (maps, channels):
            layers += [*convolved(config, given, channels, kernel=3), activation(config)]
        layers.append(MaxPool())
        maps = channels
    features = maps * (rows >> config.depth) * (columns >> config.depth)
    layers += [nn.Flatten(), *hidden(config, features, config.width)]
    return nn.Sequential(*layers, Linear(config.width, outputs))
