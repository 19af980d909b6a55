"""FactorNet's prediction of windows in PyTorch (eager, CPU), window by window, both strands, batches of 100.

Prints one JSON object: windows a second and microseconds of processor time a window, the best of `repeats` calls
each. The windows are there already: making them is not counted. Arguments: threads.
"""

import json
import sys
import time

import torch
from torch import nn

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
repeats, warm_ups = 30, 5
torch.set_num_threads(threads)
torch.manual_seed(0)

batch, channels, length, kernels, width, pool, recurrent, hidden = 100, 6, 1000, 32, 26, 13, 32, 128


class FactorNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(channels, kernels, width)
        self.position = nn.Conv1d(kernels, kernels, 1)
        self.pool = nn.MaxPool1d(pool)
        self.recurrent = nn.LSTM(kernels, recurrent, batch_first=True, bidirectional=True)
        self.dense = nn.Linear((length - width + 1) // pool * 2 * recurrent, hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, x, complement):
        x = torch.relu(self.convolution(torch.cat([x, complement])))
        x = self.pool(torch.relu(self.position(x)))
        x, _ = self.recurrent(x.transpose(1, 2))
        logits = self.output(torch.relu(self.dense(x.flatten(1))))
        return torch.sigmoid(logits).view(2, batch, 1).mean(0)


x = torch.rand(batch, channels, length)
order = torch.tensor([3, 2, 1, 0, 4, 5])
model = FactorNet().eval()
seconds, processor = [], []
with torch.inference_mode():
    for call in range(warm_ups + repeats):
        start, used = time.perf_counter(), time.process_time()
        model(x, x[:, order].flip(2))
        if call >= warm_ups:
            seconds.append(time.perf_counter() - start)
            processor.append(time.process_time() - used)
print(json.dumps({"binsPerSecond": batch / min(seconds), "microsecondsPerBin": 1e6 * min(processor) / batch}))
