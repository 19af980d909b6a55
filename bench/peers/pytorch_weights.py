"""Writes packages/gradient/test/fixtures/pytorch-weights.json: a small PyTorch network's state_dict, an input and its output.

The network: Conv1d, ReLU, MaxPool1d, bidirectional LSTM, Linear, ReLU, Linear. Run once; tests need no Python.
"""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(3)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 5)
        self.rnn = nn.LSTM(6, 3, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(6 * 6, 7)
        self.out = nn.Linear(7, 2)

    def forward(self, x):
        x = nn.functional.max_pool1d(torch.relu(self.conv(x)), 3)
        x, _ = self.rnn(x.transpose(1, 2))
        return self.out(torch.relu(self.fc(x.flatten(1))))


network = Network().double()
x = torch.rand(3, 4, 22, dtype=torch.float64)
with torch.no_grad():
    logits = network(x)
facts = {
    "torch": torch.__version__.split("+")[0],
    "state": {
        name: {"shape": list(value.shape), "data": [float(f"{v:.9g}") for v in value.flatten().tolist()]}
        for name, value in network.state_dict().items()
    },
    "x": [float(f"{v:.9g}") for v in x.flatten().tolist()],
    "logits": logits.flatten().tolist(),
}
path = pathlib.Path(__file__).parents[2] / "packages/gradient/test/fixtures/pytorch-weights.json"
path.write_text(json.dumps(facts) + "\n")
