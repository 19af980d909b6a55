"""Times tfmodisco-lite on an attribution file: seqlets.py FILE.npz REPEATS (pip install modisco).

Prints processor seconds on one thread, the least of the repeats after a first call that compiles, with mean contributions.
"""
import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numba
import numpy
from modiscolite.tfmodisco import TFMoDISco

numba.set_num_threads(1)
arrays = numpy.load(sys.argv[1])
hypothetical = arrays["hypothetical"].transpose(0, 2, 1).astype(numpy.float32)
one_hot = numpy.eye(4, dtype=numpy.float32)[arrays["sequences"]]


def run():
    start = time.process_time()
    positive, negative = TFMoDISco(
        hypothetical_contribs=hypothetical,
        one_hot=one_hot,
        max_seqlets_per_metacluster=5000,
        sliding_window_size=21,
        flank_size=10,
        target_seqlet_fdr=0.05,
        n_leiden_runs=4,  # as many as ours
    )
    return time.process_time() - start, [*(positive or []), *(negative or [])]


run()
runs = [run() for _ in range(int(sys.argv[2]))]
patterns = runs[0][1]
print(
    json.dumps(
        {
            "seconds": min(seconds for seconds, _ in runs),
            "seqlets": sum(len(pattern.seqlets) for pattern in patterns),
            "motifs": [numpy.asarray(pattern.contrib_scores).tolist() for pattern in patterns],
        }
    )
)
