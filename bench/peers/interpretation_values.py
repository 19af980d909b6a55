"""Logits, saliency, in-silico mutagenesis and DeepLIFT (rescale) of the TAL1/GATA1 model, by PyTorch in float64.

Arguments: FOLDER with the model's JSON and HDF5, REQUEST.npz, RESULT.npz. The request holds `windows` [N, 4, L], `mutated`
(the number of windows to mutate) and `references.NAME` [N, 4, L]. The result: `logits` [N, 3]; for each output, joined
along the first axis by output, `saliency` [N, 4, L], `ism` [mutated, 4, L] (score of the mutant minus score of the window)
and `NAME.rescale` [N, 4, L], multipliers by tangermeme's deep_lift_shap.

`pip install torch tangermeme h5py`
"""

import glob
import os
import sys

import h5py
import numpy as np
import torch
from tangermeme.deep_lift_shap import deep_lift_shap

folder, request, result = sys.argv[1:]
torch.set_num_threads(1)
file = h5py.File(glob.glob(os.path.join(folder, "*.h5"))[0])


def tensor(layer, part):
    return torch.tensor(np.array(file[layer][f"{layer}_{part}"]), dtype=torch.float64)


class Network(torch.nn.Module):
    """The layers of the JSON, on [N, 1, 4, L] as the file has it, with Theano's convolutions (kernels turned around)."""

    def __init__(self):
        super().__init__()
        self.first, self.second = torch.nn.Conv2d(1, 50, (4, 11)), torch.nn.Conv2d(50, 50, (1, 11))
        self.third, self.last = torch.nn.Linear(50, 50), torch.nn.Linear(50, 3)
        self.relus = torch.nn.ModuleList([torch.nn.ReLU() for _ in range(3)])
        self.double()
        with torch.no_grad():
            for layer, name in ((self.first, "convolution2d_1"), (self.second, "convolution2d_2")):
                layer.weight.copy_(tensor(name, "W").flip(2, 3))
                layer.bias.copy_(tensor(name, "b"))
            for layer, name in ((self.third, "dense_1"), (self.last, "dense_2")):
                layer.weight.copy_(tensor(name, "W").T)
                layer.bias.copy_(tensor(name, "b"))

    def forward(self, x):
        x = self.relus[1](self.second(self.relus[0](self.first(x[:, None]))))
        return self.last(self.relus[2](self.third(x.mean((2, 3)))))


model = Network().eval()
arrays = np.load(request)
windows = torch.tensor(arrays["windows"], dtype=torch.float64)
mutated = int(arrays["mutated"])
results = {}
x = windows.clone().requires_grad_()
logits = model(x)
results["logits"] = logits.detach().numpy()
results["saliency"] = np.concatenate(
    [torch.autograd.grad(logits[:, task].sum(), x, retain_graph=True)[0].numpy() for task in range(3)]
)
changes = np.zeros((3, mutated, *windows.shape[1:]))
with torch.no_grad():
    for n in range(mutated):
        rows, places = [], []
        for position in range(windows.shape[2]):
            for base in range(4):
                if windows[n, base, position] == 1:
                    continue
                mutant = windows[n].clone()
                mutant[:, position] = 0
                mutant[base, position] = 1
                rows.append(mutant)
                places.append((base, position))
        scores = model(torch.stack(rows)) - logits[n].detach()
        for (base, position), score in zip(places, scores.numpy()):
            changes[:, n, base, position] = score
results["ism"] = changes.reshape(-1, *changes.shape[2:])
for key in arrays.files:
    if key.startswith("references."):
        references = torch.tensor(arrays[key], dtype=torch.float64)[:, None]
        found = [
            deep_lift_shap(
                model, windows, target=task, references=references, raw_outputs=True, only_warn=True, device="cpu",
                warning_threshold=1e-6,
            )[:, 0].numpy()
            for task in range(3)
        ]
        results[f"{key.removeprefix('references.')}.rescale"] = np.concatenate(found)
np.savez(result, **results)
