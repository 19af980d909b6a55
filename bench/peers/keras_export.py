"""Loads a folder of `bindscape export keras` with Keras 1.2.2 itself, on Theano, and scores windows with it.

Arguments: the folder, and an npz file of windows [N, channels, length], features [N, F] where the network has them,
and the probability [N, outputs] they should have, such as the example.npz of `bindscape export kipoi`. Prints one JSON
object; ends with 1 where a probability is off by more than 1e-5. Runs under Python 3.6 with numpy 1.19.5, scipy 1.5.4,
Theano 1.0.5, Keras 1.2.2 and h5py 2.10.0, and needs a C++ compiler.
"""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "theano"
os.environ.setdefault("THEANO_FLAGS", "device=cpu,floatX=float32")

import keras
import numpy
import theano
import theano.ifelse  # Keras 1 takes it for granted, Theano 1.0 does not bring it along
from keras.models import model_from_json

folder, arrays = sys.argv[1], numpy.load(sys.argv[2])
with open(os.path.join(folder, "bindscape.json")) as file:
    plan = json.load(file)["plan"]
tracks = plan["tracks"]
bases = 4 if plan.get("sequence", True) else 0
with open(os.path.join(folder, "model.json")) as file:
    model = model_from_json(file.read())
model.load_weights(os.path.join(folder, "best_model.hdf5"))


def other(name):
    swapped = name[:-4] + {"_fwd": "_rev", "_rev": "_fwd"}.get(name[-4:], name[-4:])
    return tracks.index(swapped if swapped in tracks else name)


# Keras has [N, length, channels]; the other strand is turned round, its bases complemented, its tracks swapped.
forward = arrays["windows"].transpose(0, 2, 1)
channels = ([3, 2, 1, 0] if bases else []) + [bases + other(name) for name in tracks]
reverse = forward[:, ::-1, channels]
inputs = [forward, reverse] + ([arrays["features"]] if "features" in arrays.files else [])
found = model.predict(inputs)
largest = float(numpy.abs(found - arrays["probability"]).max())
print(
    json.dumps(
        {
            "keras": keras.__version__,
            "theano": theano.__version__,
            "windows": len(found),
            "outputs": int(found.shape[1]),
            "spread": float(found.max() - found.min()),
            "largestDifference": largest,
        }
    )
)
sys.exit(0 if largest <= 1e-5 else 1)
