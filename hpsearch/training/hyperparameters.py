"""The hyperparameters that training understands: type, bounds, default, and whether a stack may mix them.

Plain data, no PyTorch: a study file is checked against it before anything heavy is imported.
"""

from __future__ import annotations

from hpsearch.declarations import Hyperparameter

# Network

depth = Hyperparameter("int", 2, "Number of hidden layers.", low=1, high=64, fusible=False)
width = Hyperparameter("int", 128, "Units in each hidden layer.", low=1, high=65536, fusible=False)
activation = Hyperparameter(
    "choice", "relu", "Nonlinearity after each hidden layer.", choices="activation", fusible=False
)
batch_norm = Hyperparameter("bool", False, "Batch normalisation before each activation.", fusible=False)
initialization = Hyperparameter("choice", "he_normal", "Distribution of the first weights.", choices="initialization")

# Noise in training

dropout = Hyperparameter(
    "float",
    0.0,
    "Probability that a hidden unit is dropped in a training step.",
    low=0.0,
    high=1.0,
    open_high=True,
)
input_noise = Hyperparameter(
    "float", 0.0, "Standard deviation of the Gaussian noise added to the inputs in training.", low=0.0
)

# Optimizer

optimizer = Hyperparameter("choice", "adam", "How gradients become steps.", choices="optimizer")
learning_rate = Hyperparameter("float", 1e-3, "Size of a step, before any decay.", low=0.0, open_low=True)
momentum = Hyperparameter(
    "float",
    0.9,
    "Share of the last step that is kept.",
    low=0.0,
    high=1.0,
    open_high=True,
    needs=(("optimizer", ("momentum",)),),
)
rmsprop_beta = Hyperparameter(
    "float",
    0.9,
    "Decay of RMSProp's mean of squared gradients.",
    low=0.0,
    high=1.0,
    open_high=True,
    needs=(("optimizer", ("rmsprop",)),),
)
adam_beta1 = Hyperparameter(
    "float",
    0.9,
    "Decay of Adam's mean of gradients.",
    low=0.0,
    high=1.0,
    open_high=True,
    needs=(("optimizer", ("adam",)),),
)
adam_beta2 = Hyperparameter(
    "float",
    0.999,
    "Decay of Adam's mean of squared gradients.",
    low=0.0,
    high=1.0,
    open_high=True,
    needs=(("optimizer", ("adam",)),),
)

# Learning rate over time

lr_decay = Hyperparameter("choice", "none", "How the learning rate falls over the epochs.", choices="lr_decay")
decay_rate = Hyperparameter(
    "float",
    0.5,
    "Factor by which the learning rate is multiplied at each decay.",
    low=0.0,
    high=1.0,
    open_low=True,
    needs=(("lr_decay", ("step", "exponential")),),
)
decay_epochs = Hyperparameter(
    "int", 10, "Epochs between two steps of the decay.", low=1, needs=(("lr_decay", ("step",)),)
)

# Penalties

l1 = Hyperparameter("float", 0.0, "Weight of the sum of absolute weights in the loss.", low=0.0)
l2 = Hyperparameter("float", 0.0, "Weight of the sum of squared weights in the loss.", low=0.0)

# Length of training

batch_size = Hyperparameter("int", 64, "Examples in one training step.", low=1, fusible=False)
epochs = Hyperparameter("int", 20, "Passes over the training part.", low=1)
