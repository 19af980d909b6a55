"""Loads a folder of `bindscape export kipoi` with Kipoi itself, and scores its example.npz.

Argument: the folder. Kipoi parses model.yaml, makes the model of model.py, and checks the arrays against the schema.
Prints one JSON object; ends with 1 where a probability is off by more than 1e-5. Runs under Python 3.8 with kipoi 0.8.6,
numpy below 1.24 and onnxruntime.
"""

import json
import sys

import kipoi
import numpy
from kipoi.specs import ModelDescription

folder = sys.argv[1]
description = ModelDescription.load(folder + "/model.yaml")
model = kipoi.get_model(folder, source="dir", with_dataloader=False)
example = numpy.load(folder + "/example.npz")
inputs = {name: example[name] for name in description.schema.inputs}
for name, schema in description.schema.inputs.items():
    if not schema.compatible_with_batch(inputs[name]):
        sys.exit("%s %s does not fit the schema %s" % (name, inputs[name].shape, schema.shape))
found = model.predict_on_batch(inputs)
if not description.schema.targets.compatible_with_batch(found):
    sys.exit("probability %s does not fit the schema" % (found.shape,))
largest = float(numpy.abs(found - example["probability"]).max())
print(
    json.dumps(
        {
            "kipoi": kipoi.__version__,
            "name": description.info.name,
            "windows": len(found),
            "outputs": int(found.shape[1]),
            "largestDifference": largest,
        }
    )
)
sys.exit(0 if largest <= 1e-5 else 1)
