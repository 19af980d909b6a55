"""BindVAE's training step in PyTorch with dense input (eager, CPU), at the sizes of bindvae-step.ts.

Prints one JSON object: the median in milliseconds of `repeats` steps after `warm-ups`, and of processor time. Arguments:
threads, repeats, warm-ups.
"""

import json
import statistics
import sys
import time

import torch
from torch import distributions, nn

threads, repeats, warm_ups = (int(a) for a in sys.argv[1:4])
torch.set_num_threads(threads)
torch.manual_seed(0)
batch, features, hidden, topics, entries = 128, 112800, 300, 100, 3088


class BindVae(nn.Module):
    def __init__(self):
        super().__init__()
        layers, width = [], features
        for _ in range(3):
            layers += [nn.Linear(width, hidden), nn.ReLU()]
            width = hidden
        self.encoder = nn.Sequential(*layers, nn.Linear(width, topics))
        self.words = nn.Parameter(torch.randn(topics, features))
        self.prior = nn.Parameter(torch.full((topics,), 10.0))

    def loss(self, counts):
        concentration = nn.functional.softplus(self.encoder(counts)).clamp(0.1, 1e3)
        posterior = distributions.Dirichlet(concentration)
        theta = posterior.rsample()
        words = torch.softmax(self.words, 1)
        likelihood = (counts * torch.log(theta @ words)).sum(1)
        prior = distributions.Dirichlet(nn.functional.softplus(self.prior).clamp(0.1, 1e3).expand_as(theta))
        return (distributions.kl_divergence(posterior, prior) - likelihood).mean()


model = BindVae()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-4, fused=True)
counts = torch.zeros(batch, features)
for row in counts:
    row[torch.randint(0, features, (entries,))] = 1.0
times, processor = [], []
for _ in range(warm_ups + repeats):
    start, used = time.perf_counter(), time.process_time()
    optimizer.zero_grad()
    model.loss(counts).backward()
    optimizer.step()
    times.append((time.perf_counter() - start) * 1000)
    processor.append((time.process_time() - used) * 1000)
print(json.dumps({"step": statistics.median(times[warm_ups:]), "processor": min(processor[warm_ups:])}))
