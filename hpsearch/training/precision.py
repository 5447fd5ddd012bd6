"""The floating types that networks are computed in: `training.precision` of a study file. It decides results."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Precision:
    """`dtype` of data, parameters and the optimizer; `products` that of matrix products and convolutions, where it
    is another. `tensor_cores` lets a GPU round the factors of float32 products to ten bits after the point.
    """

    dtype: torch.dtype
    products: torch.dtype | None = None
    tensor_cores: bool = False

    def set_up(self, device: str) -> None:
        """Make the process ready. It has an effect on GPUs only, where PyTorch lets convolutions use tf32 unasked."""
        if device.startswith("cuda"):
            torch.set_float32_matmul_precision("high" if self.tensor_cores else "highest")
            torch.backends.cudnn.allow_tf32 = self.tensor_cores

    def casting(self, device: torch.device) -> AbstractContextManager[object]:
        """What a forward pass runs in; its gradient follows the same types by itself."""
        # Its cache would hand the same cast tensor to several recordings.
        return torch.autocast(device.type, self.products, enabled=self.products is not None, cache_enabled=False)


float32 = Precision(torch.float32)
tf32 = Precision(torch.float32, tensor_cores=True)
bfloat16 = Precision(torch.float32, products=torch.bfloat16)
float64 = Precision(torch.float64)
