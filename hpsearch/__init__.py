"""hpsearch: hyperparameter search and experiment tracking for PyTorch.

The floors, from the bottom up (imports go down only):

1. ``errors``, ``events``, ``declarations``: plain data
2. ``registry``, ``tracking``: the literal tables; MLflow
3. ``training``, ``space``: PyTorch; the study file
4. ``execution``, ``search``: where trials run; Optuna
5. ``run``, ``reports``: the loop, read it first; the HTML page
7. ``cli``: the command
"""

__version__ = "0.1.0"
