"""FactorNet's training step and forward pass in PyTorch (eager, CPU), at the sizes of factornet-network.ts.

Prints one JSON object: medians in milliseconds of `repeats` calls after `warm-ups` calls. Arguments: threads.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
repeats, warm_ups = 20, 5
torch.set_num_threads(threads)
torch.manual_seed(0)

batch, channels, length, kernels, width, pool, recurrent, hidden = 100, 6, 1000, 32, 26, 13, 32, 128


class FactorNet(nn.Module):
    def __init__(self, dropout: bool):
        super().__init__()
        rate = (lambda p: p) if dropout else (lambda p: 0.0)
        self.convolution = nn.Conv1d(channels, kernels, width)
        self.first_dropout = nn.Dropout(rate(0.1))
        self.position = nn.Conv1d(kernels, kernels, 1)
        self.pool = nn.MaxPool1d(pool)
        self.recurrent = nn.LSTM(kernels, recurrent, batch_first=True, bidirectional=True)
        self.second_dropout = nn.Dropout(rate(0.5))
        steps = (length - width + 1) // pool
        self.dense = nn.Linear(steps * 2 * recurrent, hidden)
        self.third_dropout = nn.Dropout(rate(0.5))
        self.output = nn.Linear(hidden, 1)

    def logits(self, x):
        x = self.first_dropout(torch.relu(self.convolution(x)))
        x = self.pool(torch.relu(self.position(x)))
        x, _ = self.recurrent(x.transpose(1, 2))
        x = self.second_dropout(x).flatten(1)
        return self.output(self.third_dropout(torch.relu(self.dense(x))))

    def forward(self, x, complement):
        return self.logits(torch.cat([x, complement]))


def median_milliseconds(work):
    for _ in range(warm_ups):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


x = torch.rand(batch, channels, length)
labels = torch.randint(0, 2, (batch, 1)).float()
order = torch.tensor([3, 2, 1, 0, 4, 5])
results = {}
for dropout in (False, True):
    model = FactorNet(dropout).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        logits = model(x, x[:, order].flip(2))
        probability = torch.sigmoid(logits).view(2, batch, 1).mean(0)
        nn.functional.binary_cross_entropy(probability, labels).backward()
        optimizer.step()

    results["stepWithDropout" if dropout else "step"] = median_milliseconds(step)

model = FactorNet(False).eval()
with torch.inference_mode():
    results["forward"] = median_milliseconds(lambda: torch.sigmoid(model(x, x[:, order].flip(2))))
print(json.dumps(results))
