"""Writes packages/gradient/test/fixtures/activations.json: PyTorch's values and gradients of activations and losses.

    python3 bench/peers/activation_facts.py > packages/gradient/test/fixtures/activations.json

Computed in float64; needs only torch. The file is stored in the repository: tests never run this script.
"""

import json

import torch
from torch import distributions
from torch.nn import functional as f

torch.manual_seed(23)
torch.set_default_dtype(torch.float64)
rounded = lambda x: torch.round(x * 1e4).div(1e4)
draw = lambda *shape: rounded(2 * torch.randn(*shape)).requires_grad_(True)
positive = lambda *shape: rounded(0.1 * 100 ** torch.rand(*shape)).requires_grad_(True)
flat = lambda x: x.detach().reshape(-1).tolist()
facts = {"torch": torch.__version__}


def record(name, inputs, output, **constants):
    weights = rounded(torch.randn(output.shape))
    (output * weights).sum().backward()
    facts[name] = {
        "inputs": [{"shape": list(x.shape), "data": flat(x), "gradient": flat(x.grad)} for x in inputs],
        "weights": flat(weights),
        "output": flat(output),
        "constants": {key: {"shape": list(x.shape), "data": flat(x)} for key, x in constants.items()},
    }


for name, make in {
    "softmax": lambda x: f.softmax(x, 1),
    "logSoftmax": lambda x: f.log_softmax(x, -1),
    "elu": lambda x: f.elu(x, 1.3),
    "gelu": f.gelu,
    "geluTanh": lambda x: f.gelu(x, approximate="tanh"),
    "leakyRelu": lambda x: f.leaky_relu(x, 0.1),
    "threshold": lambda x: f.threshold(x, 0, 1e-6),
    "softplus": f.softplus,
    "erf": torch.erf,
}.items():
    x = draw(3, 4, 2)
    record(name, [x], make(x))
for name, make in {"logGamma": torch.lgamma, "digamma": torch.digamma}.items():
    x = positive(12)
    record(name, [x], make(x))

logits, target, weight = draw(4, 3), (torch.rand(4, 3) < 0.5).double(), rounded(torch.rand(4, 3))
positives, tasks = torch.tensor([2.0, 0.5, 1.0]), torch.tensor([1.0, 3.0, 0.0])
losses = f.binary_cross_entropy_with_logits(logits, target, pos_weight=positives, reduction="none")
both = weight * tasks
record("weightedCrossEntropy", [logits], (losses * both).sum() / both.sum(), target=target, weight=weight,
       positives=positives, tasks=tasks)

logits, target = draw(4, 5), f.softmax(draw(4, 5).detach(), 1)
record("categoricalCrossEntropy", [logits], f.cross_entropy(logits, target), target=target)

logits, counts = draw(4, 5), torch.randint(0, 9, (4, 5)).double()
loss = -(counts * f.log_softmax(logits, 1)).sum(1).mean()
record("multinomial", [logits], loss, counts=counts)

a, b = positive(4, 6), positive(6)
divergence = distributions.kl_divergence(distributions.Dirichlet(a), distributions.Dirichlet(b.expand(4, 6)))
record("dirichletDivergence", [a, b], divergence)

x, target = draw(4, 3), rounded(torch.randn(4, 3))
record("meanSquaredError", [x], f.mse_loss(x, target), target=target)
print(json.dumps(facts))
