"""Training steps in PyTorch (CPU) at the sizes of large-networks.ts, and the gradient of FactorNet's input.

Prints one JSON object: medians in milliseconds of 20 calls after 5, eager and, where torch.compile works, compiled.
Arguments: danQ | deepSea | lstm32 | lstm320 | saliency, threads.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn

name, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)


class DanQ(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(4, 320, 26)
        self.recurrent = nn.LSTM(320, 320, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(75 * 640, 925)
        self.output = nn.Linear(925, 919)

    def forward(self, x):
        x = torch.cat([x, x.flip(1, 2)])
        x = nn.functional.max_pool1d(torch.relu(self.convolution(x)), 13)
        x, _ = self.recurrent(x.transpose(1, 2))
        probability = torch.sigmoid(self.output(torch.relu(self.dense(x.flatten(1)))))
        return probability.view(2, -1, 919).mean(0)


class DeepSEA(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(4, 320, 8)
        self.second = nn.Conv1d(320, 480, 8)
        self.third = nn.Conv1d(480, 960, 8)
        self.dense = nn.Linear(53 * 960, 925)
        self.output = nn.Linear(925, 919)

    def forward(self, x):
        x = nn.functional.max_pool1d(torch.relu(self.first(x)), 4)
        x = nn.functional.max_pool1d(torch.relu(self.second(x)), 4)
        x = torch.relu(self.third(x))
        return torch.sigmoid(self.output(torch.relu(self.dense(x.flatten(1)))))


class Recurrent(nn.Module):
    def __init__(self, units):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(units))
        self.recurrent = nn.LSTM(units, units, batch_first=True, bidirectional=True)

    def forward(self, x):
        states, _ = self.recurrent(x * self.scale)
        return (states * (states + 1)).mean()


class FactorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(6, 32, 26)
        self.position = nn.Conv1d(32, 32, 1)
        self.recurrent = nn.LSTM(32, 32, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(75 * 64, 128)
        self.output = nn.Linear(128, 1)

    def forward(self, x):
        x = torch.cat([x, x[:, [3, 2, 1, 0, 4, 5]].flip(2)])
        x = torch.relu(self.position(torch.relu(self.convolution(x))))
        x, _ = self.recurrent(nn.functional.max_pool1d(x, 13).transpose(1, 2))
        probability = torch.sigmoid(self.output(torch.relu(self.dense(x.flatten(1)))))
        return probability.view(2, -1, 1).mean(0)


def median_milliseconds(work, repeats=20, warm_ups=5):
    for _ in range(warm_ups):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def training_step(model, x, labels):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        output = model(x)
        loss = output if labels is None else nn.functional.binary_cross_entropy(output, labels)
        loss.backward()
        optimizer.step()

    return step


def make_work(compiled):
    wrap = torch.compile if compiled else lambda model: model
    if name == "saliency":
        model = wrap(FactorNet().eval().requires_grad_(False))
        x = torch.rand(100, 6, 1000, requires_grad=True)
        return lambda: torch.autograd.grad(model(x).sum(), x)
    if name == "danQ":
        return training_step(wrap(DanQ()), torch.rand(50, 4, 1000), torch.randint(0, 2, (50, 919)).float())
    if name == "deepSea":
        return training_step(wrap(DeepSEA()), torch.rand(100, 4, 1000), torch.randint(0, 2, (100, 919)).float())
    units = int(name.removeprefix("lstm"))
    return training_step(wrap(Recurrent(units)), torch.rand(200, 75, units), None)


results = {"eager": median_milliseconds(make_work(False))}
try:
    results["compiled"] = median_milliseconds(make_work(True))
except Exception as error:  # torch.compile needs a C++ compiler, and does not take every network
    print(f"torch.compile did not work: {str(error).splitlines()[0][:200]}", file=sys.stderr)
print(json.dumps(results))
