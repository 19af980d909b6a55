"""Times memelite's tomtom: motif_compare.py QUERIES TARGETS NUMBER_OF_QUERIES REPEATS (MEME files).

Prints processor seconds, the least of the repeats after a first call that compiles; and p-values to check against.
"""
import json
import sys
import time

import numpy
from memelite import tomtom


def read(file):
    motifs, rows, sites = [], None, 20.0
    for line in open(file):
        words = line.split()
        if line.startswith("letter-probability"):
            sites = float(words[words.index("nsites=") + 1])
            rows = []
        elif rows is not None and len(words) == 4 and not line.startswith("MOTIF"):
            rows.append([float(word) for word in words])
        elif rows:
            motifs.append((sites, rows))
            rows = None
    if rows:
        motifs.append((sites, rows))
    # Pseudocounts as Tomtom has them, so that both compare the same columns.
    out = []
    for sites, rows in motifs:
        values = numpy.array(rows)
        values /= values.sum(axis=1, keepdims=True)
        out.append(numpy.ascontiguousarray(((values * sites + 0.025) / (sites + 0.1)).T))
    return out


def best(work, repeats):
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


queries, targets = read(sys.argv[1])[: int(sys.argv[3])], read(sys.argv[2])
repeats = int(sys.argv[4])
figures = {}
for name, both in (("forward", False), ("both", True)):
    for kind, bins in (("", 100), ("Exact", None)):
        seconds, result = best(
            lambda: tomtom(queries, targets, reverse_complement=both, n_jobs=1, n_target_bins=bins), repeats
        )
        figures[name + kind] = seconds
        figures[name + kind + "MedianLog10P"] = float(numpy.median(numpy.log10(numpy.maximum(result[0], 1e-300))))
start = time.process_time()
tomtom(targets, targets, n_jobs=1)
figures["all"] = time.process_time() - start
print(json.dumps(figures))
