"""Writes packages/gradient/test/fixtures/pytorch-structure.json: PyTorch's values and gradients of convolutions, pools,
normalisation, recurrent layers, gathering and reductions on small shapes.

    python3 bench/peers/structure_facts.py > packages/gradient/test/fixtures/pytorch-structure.json

Computed in float64; needs only torch. The file is stored in the repository: tests never run this script.
"""

import json

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
flat = lambda x: [round(v, 9) for v in x.detach().reshape(-1).tolist()]
facts = {}


def draw(*shape):
    # Rounded, so that the file's text holds the very numbers that were used.
    return torch.round(torch.randn(*shape) * 1e4).div(1e4).requires_grad_(True)


def record(name, inputs, output, weights=None):
    if weights is None:
        weights = torch.round(torch.randn(output.shape) * 1e4).div(1e4)
    (output * weights).sum().backward()
    facts[name] = {
        "inputs": [
            {"shape": list(x.shape), "data": flat(x), "gradient": None if x.grad is None else flat(x.grad)}
            for x in inputs
        ],
        "weights": flat(weights),
        "output": flat(output),
    }


# Convolutions.
x, kernel, bias = draw(2, 3, 13), draw(4, 3, 3), draw(4)
record("convolutionUnevenPadding", [x, kernel, bias], F.conv1d(F.pad(x, (1, 4)), kernel, bias, stride=2, dilation=2))
x, kernel, bias = draw(2, 3, 10), draw(4, 3, 4), draw(4)
record("convolutionSame", [x, kernel, bias], F.conv1d(x, kernel, bias, padding="same"))
x, kernel, bias = draw(2, 4, 11), draw(6, 2, 3), draw(6)
record("convolutionGroups", [x, kernel, bias], F.conv1d(x, kernel, bias, stride=2, padding=2, groups=2))
x, kernel, bias = draw(2, 4, 6), draw(4, 3, 4), draw(6)
options = {"stride": 3, "padding": 2, "output_padding": 1, "dilation": 2, "groups": 2}
record("convolutionTranspose", [x, kernel, bias], F.conv_transpose1d(x, kernel, bias, **options))

# Pools.
x = draw(2, 3, 11)
record("maxPoolOverlapping", [x], F.max_pool1d(x, 5, stride=2, padding=2))
x = draw(2, 3, 11)
record("averagePool", [x], F.avg_pool1d(x, 4, stride=3, padding=2, count_include_pad=False))
x = draw(2, 3, 11)
record("averagePoolCountPadding", [x], F.avg_pool1d(x, 4, stride=3, padding=2, count_include_pad=True))
x = draw(2, 3, 11)
record("globalAveragePool", [x], F.adaptive_avg_pool1d(x, 1)[..., 0])

# Normalisation. PyTorch's momentum is the share of the new value.
for name, shape in {"batchNormalisation": (4, 3, 5), "batchNormalisationFlat": (6, 3)}.items():
    x, scale, offset = draw(*shape), draw(3), draw(3)
    mean, variance = torch.zeros(3), torch.ones(3)
    output = F.batch_norm(x, mean, variance, scale, offset, training=True, momentum=0.1, eps=1e-3)
    record(name, [x, scale, offset], output)
    facts[name] |= {"runningMean": flat(mean), "runningVariance": flat(variance)}
x, scale, offset, mean, variance = draw(4, 3, 5), draw(3), draw(3), draw(3).detach(), draw(3).detach().abs() + 0.5
output = F.batch_norm(x, mean, variance, scale, offset, training=False, eps=1e-3)
record("batchNormalisationInference", [x, scale, offset], output)
facts["batchNormalisationInference"] |= {"runningMean": flat(mean), "runningVariance": flat(variance)}
x, scale, offset = draw(2, 4, 6), draw(6), draw(6)
record("layerNormalisation", [x, scale, offset], F.layer_norm(x, (6,), scale, offset, eps=1e-3))

# Recurrent layers. PyTorch's gates: LSTM i, f, c, o (ONNX i, o, f, c); GRU r, z, n (ONNX z, r, n).
inputs, units, steps, samples = 3, 4, 5, 3
lengths = torch.tensor([5, 3, 1])
mask = (torch.arange(steps)[None] < lengths[:, None]).double()


def lstm_rows(rows):
    i, o, f, c = rows.split(units)
    return torch.cat([i, f, c, o])


def gru_rows(rows):
    z, r, n = rows.split(units)
    return torch.cat([r, z, n])


def run(layer, rows, parameters, x, packed):
    values = {}
    for d in range(len(parameters[0])):
        names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        for name, parameter in zip(names, parameters):
            values[f"{name}_l0" + ("_reverse" if d else "")] = rows(parameter[d])
    if packed:
        x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
    output, state = torch.func.functional_call(layer, values, (x,))
    if packed:
        output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True)
    return output, state


for kind, make, gates, rows in [("lstm", nn.LSTM, 4, lstm_rows), ("gru", nn.GRU, 3, gru_rows)]:
    for directions in (1, 2):
        for packed in (False, True):
            layer = make(inputs, units, batch_first=True, bidirectional=directions == 2)
            x = draw(samples, steps, inputs)
            height = gates * units
            parameters = [draw(directions, height, inputs), draw(directions, height, units), draw(directions, height)]
            # The LSTM's two biases are one here.
            parameters.append(draw(directions, height) if kind == "gru" else torch.zeros(directions, height))
            output, state = run(layer, rows, parameters, x, packed)
            name = f"{kind}{directions}" + ("Packed" if packed else "")
            weights = torch.round(torch.randn(output.shape) * 1e4).div(1e4)
            given = [x, *parameters[: 4 if kind == "gru" else 3]]
            # PyTorch's output behind a sequence's end is 0, here it is the last state: neither counts.
            record(name, given, output, weights * mask[..., None] if packed else weights)
            hidden = state[0] if kind == "lstm" else state
            facts[name] |= {"last": flat(hidden.transpose(0, 1).reshape(samples, -1)), "mask": flat(mask)}

# The GRU with the reset gate before the product, by the formula (Cho et al. 2014); PyTorch has no such layer.
x, kernel, recurrent = draw(samples, steps, inputs), draw(1, 3 * units, inputs), draw(1, 3 * units, units)
bias, recurrent_bias = draw(1, 3 * units), draw(1, 3 * units)
state, states = torch.zeros(samples, units), []
for t in range(steps):
    az, ar, an = (x[:, t] @ kernel[0].T + bias[0] + recurrent_bias[0]).split(units, 1)
    uz, ur, un = recurrent[0].split(units)
    z, r = torch.sigmoid(az + state @ uz.T), torch.sigmoid(ar + state @ ur.T)
    state = (1 - z) * torch.tanh(an + (r * state) @ un.T) + z * state
    states.append(state)
record("gruResetBefore", [x, kernel, recurrent, bias, recurrent_bias], torch.stack(states, 1))

# Gathering. Indices are stored beside the inputs.
table, indices = draw(6, 3), torch.tensor([[5, 0, 5], [2, 2, 2]])
record("embedding", [table], F.embedding(indices, table))
facts["embedding"]["indices"] = indices.reshape(-1).tolist()
x, indices = draw(2, 5, 3), torch.tensor([4, 0, 0, 3])
record("gather", [x], torch.index_select(x, 1, indices))
facts["gather"]["indices"] = indices.tolist()
updates, indices = draw(2, 4, 3), torch.tensor([4, 0, 0, 3])
record("scatterAdd", [updates], torch.zeros(2, 5, 3).index_add(1, indices, updates))
facts["scatterAdd"]["indices"] = indices.tolist()
x, updates, indices = draw(2, 5, 3), draw(2, 3, 3), torch.tensor([4, 0, 3])
record("scatter", [x, updates], x.index_copy(1, indices, updates))
facts["scatter"]["indices"] = indices.tolist()

# Reductions, two maxima equal: amax and amin share the gradient.
x = draw(2, 3, 4)
with torch.no_grad():
    x[0, 1, 2] = x[0, 2, 3] = 5
    x[1, 0, 0] = x[1, 1, 0] = -5
record("reduceMax", [x], torch.amax(x, (1, 2), keepdim=True))
y = x.detach().clone().requires_grad_(True)
record("reduceMin", [y], torch.amin(y, (1, 2), keepdim=True))
x = draw(4, 3)
record("maxOverStrands", [x], torch.amax(x.view(2, 2, 3), 1))

# Attention and gates.
x, scores = draw(2, 5, 3), draw(2, 5, 2)
record("attentionPool", [x, scores], torch.softmax(scores, 1).transpose(1, 2) @ x)
x = draw(2, 6, 4)
record("gatedLinearUnit", [x], F.glu(x, 1))

print(json.dumps({"torch": torch.__version__, "facts": facts}))
