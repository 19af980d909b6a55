"""pyBigWig doing what bench/src/bigwig.ts does; prints one JSON object. Arguments: track, windows, output, repeats."""

import json
import os
import statistics
import sys
import time

import numpy
import pyBigWig

track, window_file, output, repeats = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
with open(window_file) as file:
    windows = [tuple(window) for window in json.load(file)]


def median_seconds(work):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


window_sum = 0.0


def read_windows():
    global window_sum
    bw = pyBigWig.open(track)
    window_sum = 0.0
    for chromosome, start, end in windows:
        values = bw.values(chromosome, start, end, numpy=True)
        window_sum += float(numpy.nansum(values, dtype=numpy.float64))
    bw.close()


def read_whole():
    bw = pyBigWig.open(track)
    for chromosome, size in bw.chroms().items():
        bw.values(chromosome, 0, size, numpy=True)
    bw.close()


bw = pyBigWig.open(track)
chromosomes = list(bw.chroms().items())
runs = []
for chromosome, _ in chromosomes:
    intervals = bw.intervals(chromosome) or []
    starts = numpy.array([i[0] for i in intervals], dtype=numpy.int64)
    ends = numpy.array([i[1] for i in intervals], dtype=numpy.int64)
    values = numpy.array([i[2] for i in intervals], dtype=numpy.float64)
    runs.append((chromosome, starts, ends, values))
bw.close()


def write():
    out = pyBigWig.open(output, "w")
    out.addHeader(chromosomes)
    for chromosome, starts, ends, values in runs:
        if len(starts):
            out.addEntries(numpy.array([chromosome] * len(starts)), starts, ends=ends, values=values)
    out.close()


result = {
    "windows": len(windows) / median_seconds(read_windows),
    "windowSum": window_sum,
    "bases": sum(size for _, size in chromosomes) / median_seconds(read_whole),
    "written": sum(len(starts) for _, starts, _, _ in runs) / median_seconds(write),
}
result["fileSize"] = os.path.getsize(output)
print(json.dumps(result))
