"""Writes packages/gradient/test/fixtures/pytorch.json: PyTorch's values and gradients for a few small cases.

    python3 bench/peers/gradient_facts.py > packages/gradient/test/fixtures/pytorch.json

Computed in float64; needs only torch. The file is stored in the repository: tests never run this script.
"""

import json

import torch
from torch import nn

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
flat = lambda x: [round(v, 9) for v in x.detach().reshape(-1).tolist()]
facts = {"torch": torch.__version__}


def draw(*shape):
    # Rounded, so that the file's text holds the very numbers that were used.
    return torch.round(torch.randn(*shape) * 1e4).div(1e4).requires_grad_(True)


def record(name, inputs, output):
    weights = torch.round(torch.randn(output.shape) * 1e4).div(1e4)
    (output * weights).sum().backward()
    facts[name] = {
        "inputs": [{"shape": list(x.shape), "data": flat(x), "gradient": flat(x.grad)} for x in inputs],
        "weights": flat(weights),
        "output": flat(output),
    }


for name, options in {
    "convolution": {},
    "dilatedConvolution": {"padding": 2, "dilation": 2},
    "stridedConvolution": {"stride": 2, "padding": 1},
}.items():
    x, kernel, bias = draw(2, 3, 12), draw(4, 3, 4), draw(4)
    record(name, [x, kernel, bias], nn.functional.conv1d(x, kernel, bias, **options))

x = draw(2, 3, 11)
record("maxPool", [x], nn.functional.max_pool1d(torch.relu(x), 4))

# PyTorch orders gates input, forget, cell, output; ONNX input, output, forget, cell.
inputs, units, steps, samples = 3, 4, 5, 2
lstm = nn.LSTM(inputs, units, batch_first=True, bidirectional=True)
kernel, recurrent, bias, x = draw(2, 4 * units, inputs), draw(2, 4 * units, units), draw(2, 4 * units), draw(samples, steps, inputs)


def reorder(rows):
    i, o, f, c = rows.split(units)
    return torch.cat([i, f, c, o])


values = {}
for d, suffix in enumerate(["", "_reverse"]):
    values["weight_ih_l0" + suffix] = reorder(kernel[d])
    values["weight_hh_l0" + suffix] = reorder(recurrent[d])
    values["bias_ih_l0" + suffix] = reorder(bias[d])
    values["bias_hh_l0" + suffix] = torch.zeros(4 * units)
output, _ = torch.func.functional_call(lstm, values, (x,))
record("bidirectionalLstm", [x, kernel, recurrent, bias], output)

logits, target, weight = draw(4, 3), (torch.rand(4, 3) < 0.5).double(), torch.rand(4, 3).mul(1e4).round().div(1e4)
losses = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
record("crossEntropyFromLogits", [logits], (losses * weight).sum() / weight.sum())
facts["crossEntropyFromLogits"] |= {"target": flat(target), "weight": flat(weight)}

logits, target = draw(8, 3), (torch.rand(4, 3) < 0.5).double()
probability = torch.sigmoid(logits).view(4, 2, 3).mean(1)
record("crossEntropyOfStrands", [logits], nn.functional.binary_cross_entropy(probability, target))
facts["crossEntropyOfStrands"] |= {"target": flat(target)}

# Ten steps of Adam on sum((a w - b)^2 / 2).
a, b = draw(6).detach(), draw(6).detach()
w = draw(6)
start = flat(w)
optimizer = torch.optim.Adam([w], lr=0.05)
for _ in range(10):
    optimizer.zero_grad()
    ((a * w - b) ** 2 / 2).sum().backward()
    optimizer.step()
facts["adam"] = {"a": flat(a), "b": flat(b), "start": start, "end": flat(w), "learningRate": 0.05, "steps": 10}
print(json.dumps(facts))
