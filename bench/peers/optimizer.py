"""PyTorch's fused Adam and its AdaDelta on one vector of 45 million parameters.

Prints one JSON object: medians in milliseconds of 20 steps after 5. Arguments: threads, parameters.
"""

import json
import statistics
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))
count = int(sys.argv[2])


def measure(make):
    w = torch.nn.Parameter(torch.randn(count))
    w.grad = torch.randn(count)
    optimizer = make([w])
    times = []
    for _ in range(25):
        start = time.perf_counter()
        optimizer.step()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[5:])


print(
    json.dumps(
        {
            "adam": measure(lambda w: torch.optim.Adam(w, fused=True)),
            "adadelta": measure(lambda w: torch.optim.Adadelta(w, foreach=True)),
        }
    )
)
