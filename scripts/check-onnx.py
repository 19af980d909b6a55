"""Checks models that check-onnx.mjs wrote: ONNX's checker, then the numbers in onnxruntime where that is installed."""

import json
import sys

import numpy
import onnx

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

with open(sys.argv[1]) as file:
    models = json.load(file)

worst = 0.0
for model in models:
    loaded = onnx.load(model["path"])
    onnx.checker.check_model(loaded, full_check=True)
    versions = [(entry.domain, entry.version) for entry in loaded.opset_import]
    if versions != [("", 17)]:
        sys.exit(f"{model['name']}: operator sets {versions}, where there should be ONNX's 17 alone")
    if any(tensor.external_data for tensor in loaded.graph.initializer):
        sys.exit(f"{model['name']}: weights outside the file")
    if onnxruntime is None:
        continue
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model["path"], options, providers=["CPUExecutionProvider"])
    feeds = {
        entry["name"]: numpy.array(entry["values"], numpy.float32).reshape(entry["shape"])
        for entry in model["inputs"]
    }
    (probability,) = session.run(["probability"], feeds)
    difference = float(numpy.abs(probability.ravel() - numpy.array(model["probability"])).max())
    worst = max(worst, difference)
    if not difference < 1e-6:
        sys.exit(f"{model['name']}: probabilities differ by {difference} in Python's onnxruntime")

numbers = (
    "onnxruntime is not installed, so numbers were not compared"
    if onnxruntime is None
    else f"largest difference of probabilities in onnxruntime {onnxruntime.__version__}: {worst:.1e}"
)
print(f"{len(models)} models pass the checker of onnx {onnx.__version__}; {numbers}")
