"""DeepLIFT by tangermeme, and Grad-CAM written out in PyTorch, for the DeepSEA of attribution.ts with its weights.

Arguments: REQUEST.npz, RESULT.npz, threads, repeats, clock (elapsed | processor). The request holds `windows` [N, 4, L],
`references.NAME` [M, R, 4, L] of the first M and the parameters; the result `NAME` [M, 4, L], hypothetical
contributions, and
`gradcam` [N, positions]. Prints one JSON object: medians in milliseconds by NAME, and of Grad-CAM.

`pip install torch tangermeme`
"""

import json
import statistics
import sys
import time
import warnings

import numpy as np
import torch
from tangermeme.deep_lift_shap import deep_lift_shap

request, result, threads, repeats, clock = sys.argv[1:]
torch.set_num_threads(int(threads))
torch.set_num_interop_threads(1)
warnings.simplefilter("ignore")
now = time.perf_counter if clock == "elapsed" else time.process_time
arrays = np.load(request)


class DeepSEA(torch.nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [arrays[f"convolution{i}.kernel"].shape for i in (1, 2, 3)]
        self.convolutions = torch.nn.ModuleList([torch.nn.Conv1d(s[1], s[0], s[2]) for s in sizes])
        self.relus = torch.nn.ModuleList([torch.nn.ReLU() for _ in range(4)])
        self.pools = torch.nn.ModuleList([torch.nn.MaxPool1d(4) for _ in range(2)])
        self.dense = torch.nn.Linear(*arrays["dense.kernel"].shape)
        self.output = torch.nn.Linear(*arrays["output.kernel"].shape)
        with torch.no_grad():
            for i, layer in enumerate(self.convolutions):
                layer.weight.copy_(torch.tensor(arrays[f"convolution{i + 1}.kernel"]))
                layer.bias.copy_(torch.tensor(arrays[f"convolution{i + 1}.bias"]))
            for name in ("dense", "output"):
                getattr(self, name).weight.copy_(torch.tensor(arrays[f"{name}.kernel"]).T)
                getattr(self, name).bias.copy_(torch.tensor(arrays[f"{name}.bias"]))

    def first(self, x):
        return self.relus[0](self.convolutions[0](x))

    def rest(self, x):
        x = self.pools[1](self.relus[1](self.convolutions[1](self.pools[0](x))))
        x = self.relus[2](self.convolutions[2](x))
        return self.output(self.relus[3](self.dense(x.flatten(1))))

    def forward(self, x):
        return self.rest(self.first(x))


model = DeepSEA().eval().requires_grad_(False)
windows = torch.tensor(arrays["windows"])
results, times = {}, {}


def measure(name, work):
    taken = []
    for repeat in range(int(repeats) + 1):
        start = now()
        results[name] = work().numpy()
        taken.append((now() - start) * 1000)
    times[name] = statistics.median(taken[1:])


def grad_cam():
    maps = []
    for batch in windows.split(32):
        activations = model.first(batch).requires_grad_()
        gradient = torch.autograd.grad(model.rest(activations)[:, 0].sum(), activations)[0]
        maps.append(torch.relu((gradient.mean(2, keepdim=True) * activations.detach()).sum(1)))
    return torch.cat(maps)


for key in arrays.files:
    if key.startswith("references."):
        references = torch.tensor(arrays[key])
        explain = lambda: deep_lift_shap(
            model, windows[: len(references)], target=0, references=references, hypothetical=True, only_warn=True, device="cpu",
            batch_size=64,
        ).detach()
        measure(key.removeprefix("references."), explain)
measure("gradcam", grad_cam)
np.savez(result, **results)
print(json.dumps(times))
