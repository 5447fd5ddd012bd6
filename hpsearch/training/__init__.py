"""Training: PyTorch, and nothing of Optuna or MLflow."""

import os

# Law 2 on every CPU: left to itself, MKL's matrix products may round by where in memory a row of a stack lies (seen on
# AMD's processors). In this mode they do not, at the same speed. MKL reads it at its first product.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
