"""The hyperparameters that training understands: type, bounds, default, and whether a stack may mix them.

Plain data, no PyTorch: a study file is checked against it before anything heavy is imported.
"""

from __future__ import annotations

from hpsearch.declarations import Hyperparameter

CONVOLUTIONAL = ("lenet", "vgg", "resnet")

# Network

depth = Hyperparameter(
    "int",
    2,
    "Hidden layers of an mlp or dbn, blocks of a vgg, weighted layers of a resnet (such as 20, 34, 50).",
    low=1,
    high=1202,
    fusible=False,
    models=("mlp", "dbn", "vgg", "resnet"),
)
width = Hyperparameter(
    "int",
    128,
    "Units in each dense hidden layer.",
    low=1,
    high=65536,
    fusible=False,
    models=("mlp", "dbn", "lenet", "vgg"),
)
channels = Hyperparameter(
    "int",
    16,
    "Feature maps of the first convolution; deeper ones have more.",
    low=1,
    high=4096,
    fusible=False,
    models=CONVOLUTIONAL,
)
block = Hyperparameter("choice", "basic", "Kind of residual block.", choices="block", fusible=False, models=("resnet",))
shortcut = Hyperparameter(
    "bool",
    True,
    "Whether a residual block adds its input to its output; without it, the net is a plain one.",
    fusible=False,
    models=("resnet",),
)
activation = Hyperparameter(
    "choice", "relu", "Nonlinearity after each hidden layer.", choices="activation", fusible=False
)
leaky_slope = Hyperparameter(
    "float",
    0.01,
    "Slope of the leaky relu for negative inputs.",
    low=0.0,
    high=1.0,
    open_high=True,
    fusible=False,
    needs=(("activation", ("leaky_relu",)),),
)
batch_norm = Hyperparameter("bool", False, "Batch normalisation before each activation.", fusible=False)
initialization = Hyperparameter("choice", "he_normal", "Distribution of the first weights.", choices="initialization")
init_std = Hyperparameter(
    "float",
    0.01,
    "Standard deviation of the first weights.",
    low=0.0,
    open_low=True,
    needs=(("initialization", ("normal",)),),
)

# Layer-wise pretraining by restricted Boltzmann machines

pretrain_epochs = Hyperparameter(
    "int", 5, "Passes over the training part for each layer before fine-tuning.", low=0, models=("dbn",)
)
pretrain_learning_rate = Hyperparameter(
    "float", 0.05, "Size of a step in pretraining.", low=0.0, open_low=True, models=("dbn",)
)
cd_steps = Hyperparameter(
    "int", 1, "Steps k of Gibbs sampling in contrastive divergence.", low=1, high=1000, models=("dbn",)
)

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
shift = Hyperparameter("int", 0, "Most pixels by which an image is moved, in each direction.", low=0, images=True)
flip = Hyperparameter(
    "float", 0.0, "Probability that an image is mirrored, left for right.", low=0.0, high=1.0, images=True
)
rotation = Hyperparameter(
    "float", 0.0, "Most degrees by which an image is turned, in each direction.", low=0.0, high=180.0, images=True
)
erase = Hyperparameter(
    "float",
    0.0,
    "Largest share of an image's area that a rectangle of zeros covers.",
    low=0.0,
    high=1.0,
    open_high=True,
    images=True,
)
mixup = Hyperparameter(
    "float",
    0.0,
    "α of the Beta(α, α) distribution by which pairs of examples are mixed; 0 mixes none.",
    low=0.0,
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
    needs=(("optimizer", ("momentum", "averaged_momentum", "nesterov")),),
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
    needs=(("optimizer", ("adam", "adamw")),),
)
adam_beta2 = Hyperparameter(
    "float",
    0.999,
    "Decay of Adam's mean of squared gradients.",
    low=0.0,
    high=1.0,
    open_high=True,
    needs=(("optimizer", ("adam", "adamw")),),
)
weight_decay = Hyperparameter(
    "float",
    0.01,
    "Share of the weights that AdamW takes off in a step, times the learning rate.",
    low=0.0,
    needs=(("optimizer", ("adamw",)),),
)
gradient_clip = Hyperparameter(
    "float", 0.0, "Largest norm of a trial's gradient; longer ones are shortened to it. 0 sets no limit.", low=0.0
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
warmup_epochs = Hyperparameter(
    "int", 0, "Epochs over which the learning rate rises to its full size, before any decay.", low=0
)

# Penalties

l1 = Hyperparameter("float", 0.0, "Weight of the sum of absolute weights in the loss.", low=0.0)
l2 = Hyperparameter("float", 0.0, "Weight of half the sum of squared weights in the loss.", low=0.0)

# Length of training

batch_size = Hyperparameter(
    "int",
    64,
    "Examples in one training step: 1 is stochastic, `full` is batch gradient descent.",
    low=1,
    fusible=False,
    words=("full",),
)
epochs = Hyperparameter("int", 20, "Passes over the training part.", low=1)
