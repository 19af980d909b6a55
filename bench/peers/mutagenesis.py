"""In-silico mutagenesis of whole sequences by tangermeme on PyTorch (CPU): milliseconds a mutant.

Prints one JSON object: `shared` with tangermeme's own way of computing what an edit can change alone (on by default,
taken for jobs of 30 s or more), `naive` without it, and `plain`, the mutants through the model in batches of 256; of all
threads `ProcessorMilliseconds`. `naive` and `plain` mutate a tenth of the positions. Arguments: network, threads,
sequences.
"""

import json
import sys
import time
import warnings

import torch
from torch import nn

warnings.simplefilter("ignore")
name, threads, sequences = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)


class Recurrent(nn.Module):
    """The states of a bidirectional LSTM at all positions: [N, channels, positions] to [N, positions, 2 units]."""

    def __init__(self, channels, units):
        super().__init__()
        self.recurrent = nn.LSTM(channels, units, batch_first=True, bidirectional=True)

    def forward(self, x):
        return self.recurrent(x.transpose(1, 2))[0]


class BothStrands(nn.Module):
    """FactorNet: the same layers for a window and its reverse complement, and the mean of the two logits."""

    def __init__(self, length=1000):
        super().__init__()
        self.convolution, self.position = nn.Conv1d(6, 32, 26), nn.Conv1d(32, 32, 1)
        self.rest = nn.Sequential(
            nn.MaxPool1d(13), Recurrent(32, 32), nn.Flatten(), nn.Linear(75 * 64, 128), nn.ReLU(), nn.Linear(128, 1)
        )
        self.register_buffer("tracks", torch.rand(1, 2, length))
        self.register_buffer("order", torch.tensor([3, 2, 1, 0, 4, 5]))

    def forward(self, x):
        x = torch.cat([x, self.tracks.expand(x.shape[0], -1, -1)], 1)
        x = torch.cat([x, x[:, self.order].flip(2)])
        x = torch.relu(self.position(torch.relu(self.convolution(x))))
        return self.rest(x).view(2, -1, 1).mean(0)


def deepsea():
    return nn.Sequential(
        nn.Conv1d(4, 320, 8), nn.ReLU(), nn.MaxPool1d(4),
        nn.Conv1d(320, 480, 8), nn.ReLU(), nn.MaxPool1d(4),
        nn.Conv1d(480, 960, 8), nn.ReLU(),
        nn.Flatten(), nn.Linear(53 * 960, 925), nn.ReLU(), nn.Linear(925, 1),
    )  # fmt: skip


def danq_convolution():
    return nn.Sequential(
        nn.Conv1d(4, 320, 26), nn.ReLU(), nn.MaxPool1d(13),
        nn.Flatten(), nn.Linear(75 * 320, 925), nn.ReLU(), nn.Linear(925, 1),
    )  # fmt: skip


def danq():
    return nn.Sequential(
        nn.Conv1d(4, 320, 26), nn.ReLU(), nn.MaxPool1d(13), Recurrent(320, 320),
        nn.Flatten(), nn.Linear(75 * 640, 925), nn.ReLU(), nn.Linear(925, 1),
    )  # fmt: skip


def tal1_gata1():
    return nn.Sequential(
        nn.Conv1d(4, 50, 11), nn.ReLU(), nn.Conv1d(50, 50, 11), nn.ReLU(), nn.AvgPool1d(180, 1),
        nn.Flatten(), nn.Linear(50, 50), nn.ReLU(), nn.Linear(50, 1),
    )  # fmt: skip


build, length = {
    "deepsea": (deepsea, 1000),
    "danq-convolution": (danq_convolution, 1000),
    "danq": (danq, 1000),
    "tal1-gata1": (tal1_gata1, 200),
    "factornet": (BothStrands, 1000),
}[name]
model = build().eval()
x = torch.nn.functional.one_hot(torch.randint(4, (sequences, length)), 4).transpose(1, 2).float()
result = {}


def measure(key, mutants, work):
    start, used = time.perf_counter(), time.process_time()
    work()
    result[f"{key}Milliseconds"] = 1e3 * (time.perf_counter() - start) / mutants
    result[f"{key}ProcessorMilliseconds"] = 1e3 * (time.process_time() - used) / mutants


def plain(part):
    with torch.inference_mode():
        for sequence in x:
            mutants = []
            for position in range(part):
                observed = sequence[:, position].argmax()
                for base in range(4):
                    if base != observed:
                        mutant = sequence.clone()
                        mutant[:, position] = 0
                        mutant[base, position] = 1
                        mutants.append(mutant)
            for start in range(0, len(mutants), 256):
                model(torch.stack(mutants[start : start + 256]))


part = length // 10
model(x[:1].repeat(32, 1, 1))
try:
    from tangermeme.saturation_mutagenesis import saturation_mutagenesis

    options = {"batch_size": 256, "device": "cpu", "raw_outputs": True}
    measure("shared", 3 * length * sequences, lambda: saturation_mutagenesis(model, x, **options))
    measure(
        "naive",
        3 * part * sequences,
        lambda: saturation_mutagenesis(model, x, start=0, end=part, fast=False, **options),
    )
except ImportError as error:
    print(f"without tangermeme: {error}", file=sys.stderr)
measure("plain", 3 * part * sequences, lambda: plain(part))
print(json.dumps(result))
