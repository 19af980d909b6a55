"""Writes packages/gradient/test/fixtures/optimizers.json: ten steps of PyTorch's and Keras' optimizers.

    KERAS_BACKEND=torch python3 bench/peers/optimizer_facts.py > packages/gradient/test/fixtures/optimizers.json

Computed in float64; needs torch and keras. The file is stored in the repository: tests never run this script. The loss
is sum((a w - b)^2) / 2; the learning rate falls by a tenth every step, so that forms of momentum differ.
"""

import json

import keras
import torch

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
keras.config.set_floatx("float64")
steps = 10
draw = lambda: torch.round(torch.randn(6) * 1e4).div(1e4)
a, b, start = draw(), draw(), draw()
rate_at = lambda first, step: first * 0.9**step


def loss(w):
    return ((a * w - b) ** 2 / 2).sum()


def with_torch(make, rate, change=None, average=None):
    w = start.clone().requires_grad_(True)
    optimizer = make([w], lr=rate)
    path, averages = [], []
    model = torch.nn.Module()
    model.w = torch.nn.Parameter(w)
    averaged = average and torch.optim.swa_utils.AveragedModel(model, avg_fn=average)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate_at(rate, step)
        optimizer.zero_grad()
        loss(w).backward()
        if change:
            change([w])
        optimizer.step()
        path.append(w.detach().tolist())
        if averaged:
            model.w.data.copy_(w.detach())
            averaged.update_parameters(model)
            averages.append(averaged.module.w.detach().tolist())
    return {"rate": rate, "path": path} | ({"averages": averages} if averages else {})


def with_keras(make, rate):
    w = keras.Variable(start.numpy(), dtype="float64")
    optimizer = make(learning_rate=rate)
    optimizer.build([w])
    path = []
    for step in range(steps):
        optimizer.learning_rate.assign(rate_at(rate, step))
        value = w.value.detach().clone().requires_grad_(True)
        loss(value).backward()
        optimizer.apply([value.grad], [w])
        path.append(w.value.detach().tolist())
    return {"rate": rate, "path": path}


o, k = torch.optim, keras.optimizers
make = lambda kind, **options: lambda *args, **more: kind(*args, **options, **more)
facts = {
    "torch": torch.__version__,
    "keras": keras.__version__,
    "a": a.tolist(),
    "b": b.tolist(),
    "start": start.tolist(),
    "paths": {
        "sgd": with_torch(o.SGD, 0.1),
        "sgd, momentum": with_torch(make(o.SGD, momentum=0.9, weight_decay=0.01), 0.05),
        "sgd, Nesterov": with_torch(make(o.SGD, momentum=0.9, nesterov=True), 0.05),
        "sgd, momentum, Keras": with_keras(make(k.SGD, momentum=0.9), 0.05),
        "sgd, Nesterov, Keras": with_keras(make(k.SGD, momentum=0.9, nesterov=True), 0.05),
        "rmsprop": with_torch(make(o.RMSprop, alpha=0.9, eps=1e-3), 0.05),
        "rmsprop, momentum": with_torch(make(o.RMSprop, momentum=0.5, weight_decay=0.02), 0.02),
        "rmsprop, Keras": with_keras(make(k.RMSprop, rho=0.9, epsilon=1e-3), 0.05),
        "rmsprop, momentum, Keras": with_keras(make(k.RMSprop, rho=0.9, momentum=0.5, epsilon=1e-7), 0.02),
        "adadelta": with_torch(make(o.Adadelta, rho=0.95, eps=1e-3, weight_decay=0.01), 1.0),
        "adadelta, Keras": with_keras(make(k.Adadelta, rho=0.95, epsilon=1e-7), 1.0),
        "adam": with_torch(make(o.Adam, eps=1e-3, weight_decay=0.05), 0.05),
        "adam, Keras": with_keras(make(k.Adam, epsilon=1e-3), 0.05),
        "adamW": with_torch(make(o.AdamW, weight_decay=0.1), 0.05),
        "adamW, Keras": with_keras(make(k.AdamW, weight_decay=0.1, epsilon=1e-3), 0.05),
        "adam, clipped values": with_torch(o.Adam, 0.05, lambda w: torch.nn.utils.clip_grad_value_(w, 0.3)),
        "sgd, clipped norm": with_torch(o.SGD, 0.1, lambda w: torch.nn.utils.clip_grad_norm_(w, 0.5)),
        # PyTorch starts an average at the weights after the first step.
        "sgd, mean of weights": with_torch(o.SGD, 0.1, None, lambda old, new, n: old + (new - old) / (n + 1)),
    },
}


def rates(make, count=40, values=None):
    optimizer = o.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    schedule = make(optimizer)
    found = []
    for step in range(count):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step(*([values[step]] if values else []))
    return found


s = torch.optim.lr_scheduler
losses = [round(5 / (1 + 0.3 * n) + 0.4 * ((n * 7) % 5 - 2) * (n > 8), 6) for n in range(40)]
facts["losses"] = losses
facts["schedules"] = {
    "steps": rates(lambda x: s.StepLR(x, 7, 0.3)),
    "milestones": rates(lambda x: s.MultiStepLR(x, [3, 10, 11], 0.5)),
    "exponential": rates(lambda x: s.ExponentialLR(x, 0.9)),
    "triangular": rates(lambda x: s.CyclicLR(x, 0.1, 0.5, 6, cycle_momentum=False)),
    "triangular, halved": rates(lambda x: s.CyclicLR(x, 0.1, 0.5, 6, mode="triangular2", cycle_momentum=False)),
    "triangular, falling": rates(
        lambda x: s.CyclicLR(x, 0.1, 0.5, 6, mode="exp_range", gamma=0.95, cycle_momentum=False)
    ),
    "cosine": rates(lambda x: s.CosineAnnealingLR(x, 40, 0.01)),
    "cosine, restarted": rates(lambda x: s.CosineAnnealingWarmRestarts(x, 5, 2, 0.01)),
    "warm-up": rates(lambda x: s.LinearLR(x, 0.2, 1, 8)),
    "plateau": rates(lambda x: s.ReduceLROnPlateau(x, factor=0.5, patience=2, min_lr=0.02), values=losses),
    "plateau, more": rates(
        lambda x: s.ReduceLROnPlateau(x, mode="max", factor=0.5, patience=3, cooldown=2), values=losses
    ),
}
print(json.dumps(facts))
