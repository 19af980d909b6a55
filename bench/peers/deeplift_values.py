"""DeepLIFT's own program (PyPI: deeplift 0.6.13, MIT) on the TAL1/GATA1 model, in float32.

Arguments: FOLDER with the model's JSON and HDF5, REQUEST.npz, RESULT.npz. The request holds `windows` [N, 4, L] and
`references.NAME` [N, 4, L]; the result `NAME.MODE` [N, 4, L], multipliers of each output's logit joined along the first
axis by output, for the modes rescale and reveal-cancel-dense (its "DeepLIFT_GenomicsDefault").

Needs Python 3.11 with `pip install tensorflow-cpu==2.15.1 h5py "numpy<2" pyyaml setuptools` and then
`pip install --no-build-isolation --no-deps deeplift==0.6.13.0`.
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import glob

import h5py
import numpy as np
import tensorflow.compat.v1 as tensorflow

tensorflow.disable_v2_behavior()
# The program asks for TensorFlow 1 by TensorFlow's name.
sys.modules["tensorflow"] = tensorflow
from deeplift import layers, models  # noqa: E402
from deeplift.layers.core import DenseMxtsMode, ConvMxtsMode, NonlinearMxtsMode  # noqa: E402
from deeplift.util import connect_list_of_layers  # noqa: E402

folder, request, result = sys.argv[1:]
file = h5py.File(glob.glob(os.path.join(folder, "*.h5"))[0])
weight = lambda layer, part: np.array(file[layer][f"{layer}_{part}"])


def convolution(layer):
    # [filters, channels, 1, width] (of the first layer [filters, 1, 4, width]), turned around by Theano, to
    # [width, channels, filters].
    kernel = weight(layer, "W")
    kernel = kernel.reshape(kernel.shape[0], -1, kernel.shape[-1])
    if layer == "convolution2d_1":
        kernel = kernel[:, ::-1]  # rows, the bases, are turned around too
    return np.ascontiguousarray(kernel[:, :, ::-1].transpose(2, 1, 0)), weight(layer, "b")


def build(length, mode):
    nonlinear = dict(
        rescale=NonlinearMxtsMode.Rescale, **{"reveal-cancel-dense": NonlinearMxtsMode.DeepLIFT_GenomicsDefault}
    )[mode]
    conv = lambda name: layers.Conv1D(
        name=name, kernel=convolution(name)[0], bias=convolution(name)[1], stride=1, padding="VALID",
        conv_mxts_mode=ConvMxtsMode.Linear,
    )
    relu = lambda name: layers.ReLU(name=name, nonlinear_mxts_mode=nonlinear, verbose=False)
    dense = lambda name: layers.Dense(
        name=name, kernel=weight(name, "W"), bias=weight(name, "b"), dense_mxts_mode=DenseMxtsMode.Linear, verbose=False
    )
    parts = [
        layers.Input(batch_shape=(None, length, 4), name="input"),
        conv("convolution2d_1"),
        relu("relu1"),
        conv("convolution2d_2"),
        relu("relu2"),
        layers.GlobalAvgPool1D(name="pool"),
        dense("dense_1"),
        relu("relu3"),
        dense("dense_2"),
    ]
    connect_list_of_layers(parts)
    parts[-1].build_fwd_pass_vars()
    return models.SequentialModel(parts)


arrays = np.load(request)
windows = arrays["windows"].transpose(0, 2, 1)
results = {}
for mode in ["rescale", "reveal-cancel-dense"]:
    model = build(windows.shape[1], mode)
    multipliers = model.get_target_multipliers_func(find_scores_layer_idx=0, target_layer_idx=-1)
    for key in arrays.files:
        if not key.startswith("references."):
            continue
        references = arrays[key].transpose(0, 2, 1)
        found = [
            np.array(
                multipliers(
                    task_idx=task,
                    input_data_list=[windows],
                    input_references_list=[references],
                    batch_size=100,
                    progress_update=None,
                )
            ).transpose(0, 2, 1)
            for task in range(3)
        ]
        results[f"{key.removeprefix('references.')}.{mode}"] = np.concatenate(found).astype(np.float32)
np.savez(result, **results)
