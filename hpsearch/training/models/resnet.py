"""Residual networks (He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016).

They want `batch_norm: true`; without it the deeper ones are hard to train, as the paper says of plain nets.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from hpsearch import registry
from hpsearch.errors import InputError
from hpsearch.training.config import Config
from hpsearch.training.convolution import GlobalMean, MaxPool, convolved, image_shape
from hpsearch.training.layers import Dropout, Linear, activation


class Block(nn.Module):
    """Weighted layers F and a way around them: activation(F(x) + x), or activation(F(x)) without `shortcut`.

    Where F changes the shape, x goes through a 1 × 1 convolution (the paper's option B).
    """

    #: Its weighted layers, and how many times more feature maps it gives than `channels`.
    layers: ClassVar[int]
    expansion: ClassVar[int]
    #: The network depths of the paper's table 1 that are built of it: blocks in each of the four stages.
    stages: ClassVar[dict[int, tuple[int, ...]]]

    def __init__(self, config: Config, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        outputs = channels * self.expansion
        self.residual = nn.Sequential(*self.weighted(config, inputs, channels, stride))
        self.shortcut: nn.Module | None = None
        if config.shortcut:
            same = stride == 1 and inputs == outputs
            around = [] if same else convolved(config, inputs, outputs, kernel=1, stride=stride)
            self.shortcut = nn.Sequential(*around)
        self.activation = activation(config)

    def weighted(self, config: Config, inputs: int, channels: int, stride: int) -> list[nn.Module]:
        """The layers of F, from `inputs` to `channels` × `expansion` feature maps; the last has no activation."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        residual = self.residual(x)
        y: Tensor = self.activation(residual if self.shortcut is None else residual + self.shortcut(x))
        return y


class Basic(Block):
    """Two 3 × 3 convolutions."""

    layers = 2
    expansion = 1
    stages: ClassVar = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}

    def weighted(self, config: Config, inputs: int, channels: int, stride: int) -> list[nn.Module]:
        return [
            *convolved(config, inputs, channels, kernel=3, stride=stride),
            activation(config),
            *convolved(config, channels, channels, kernel=3),
        ]


class Bottleneck(Block):
    """1 × 1 to fewer feature maps, 3 × 3, and 1 × 1 to four times as many. The 3 × 3 has the stride."""

    layers = 3
    expansion = 4
    stages: ClassVar = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}

    def weighted(self, config: Config, inputs: int, channels: int, stride: int) -> list[nn.Module]:
        return [
            *convolved(config, inputs, channels, kernel=1),
            activation(config),
            *convolved(config, channels, channels, kernel=3, stride=stride),
            activation(config),
            *convolved(config, channels, channels * self.expansion, kernel=1),
        ]


def build(config: Config, inputs: tuple[int, ...], outputs: int) -> nn.Module:
    """A network from [sample, channel, row, column] to [sample, outputs], with `depth` weighted layers.

    `depth` chooses the form. Of table 1, for large images (basic 18, 34; bottleneck 50, 101, 152): a 7 × 7
    convolution and a 3 × 3 max pool, both of stride 2, then four stages. Any other is of section 4.2, for small
    images (basic 6n + 2, bottleneck 9n + 2): a 3 × 3 convolution, then three stages of n blocks. Feature maps
    double and rows and columns halve from stage to stage; then the mean over all of them, dropout, and a linear
    layer. Raises InputError for samples that are no images, and for a depth that is of neither form.
    """
    maps, _, _ = image_shape("resnet", inputs)
    block: type[Block] = registry.load("block", config.block)
    channels = config.channels
    if config.depth in block.stages:
        stages = block.stages[config.depth]
        layers = [*convolved(config, maps, channels, kernel=7, stride=2), activation(config), MaxPool(3, 2, border=1)]
    else:
        stages = (_blocks_a_stage(config, block),) * 3
        layers = [*convolved(config, maps, channels, kernel=3), activation(config)]
    maps = channels
    for stage, blocks in enumerate(stages):
        for number in range(blocks):
            stride = 2 if stage > 0 and number == 0 else 1
            layers.append(block(config, maps, channels * 2**stage, stride))
            maps = channels * 2**stage * block.expansion
    return nn.Sequential(*layers, GlobalMean(), Dropout(maps), Linear(maps, outputs))


def _blocks_a_stage(config: Config, block: type[Block]) -> int:
    """n of the form for small images."""
    period = 3 * block.layers
    n, rest = divmod(config.depth - 2, period)
    if n >= 1 and rest == 0:
        return n
    depths = {*block.stages, *range(period + 2, config.depth + 2 * period, period)}
    below = [depth for depth in depths if depth < config.depth]
    above = min(depth for depth in depths if depth > config.depth)
    raise InputError(
        f"resnet: {config.block} blocks make no network of depth {config.depth}",
        hint=f"nearest: {max(below)} or {above}" if below else f"{above} is the least",
    )
