"""Reads the files that check-bigwig.mjs wrote with pyBigWig and compares them with what was written."""

import json
import math
import sys

import pyBigWig

failures = 0


def check(holds, message):
    global failures
    if not holds:
        failures += 1
        print(f"MISMATCH {message}")


def exact_mean(run, start, end):
    covered = total = 0
    for s, e, v in zip(run["starts"], run["ends"], run["values"]):
        length = min(e, end) - max(s, start)
        if length > 0:
            covered += length
            total += length * v
    return total / covered if covered else None


def check_track(track):
    name = track["path"].rsplit("/", 1)[-1]
    bw = pyBigWig.open(track["path"])
    check(bw.isBigWig(), f"{name}: not taken for a bigWig")
    check(bw.chroms() == {c["name"]: c["size"] for c in track["chromosomes"]}, f"{name}: chromosomes")

    lengths, values = [], []
    for run in track["runs"]:
        chromosome = run["chromosome"]
        expected = list(zip(run["starts"], run["ends"], run["values"]))
        found = bw.intervals(chromosome)
        check(found is not None and list(found) == expected, f"{name}: intervals of {chromosome}")
        lengths += [e - s for s, e in zip(run["starts"], run["ends"])]
        values += run["values"]

    # pyBigWig's header() gives these totals as whole numbers, cut.
    header = bw.header()
    totals = {
        "nBasesCovered": sum(lengths),
        "minVal": min(values),
        "maxVal": max(values),
        "sumData": math.fsum(n * v for n, v in zip(lengths, values)),
        "sumSquared": math.fsum(n * v * v for n, v in zip(lengths, values)),
    }
    check(header["version"] == 4, f"{name}: version {header['version']}")
    for key, expected in totals.items():
        check(abs(header[key] - expected) < 1 + 1e-9 * abs(expected), f"{name}: {key} {header[key]}, not {expected}")

    # Bins of 4 times a level's reduction are read from that level, and its records, which lie on the grid of
    # multiples of the reduction, never cross their edges: the means must agree to float32.
    by_level = 0
    for run in track["runs"][:20]:
        chromosome = run["chromosome"]
        scale = max(map(abs, run["values"]))
        for reduction in track["reductions"]:
            width = 4 * reduction
            bins = min(60, bw.chroms(chromosome) // width)
            if bins == 0:
                continue
            found = bw.stats(chromosome, 0, bins * width, type="mean", nBins=bins, exact=False)
            exact = bw.stats(chromosome, 0, bins * width, type="mean", nBins=bins, exact=True)
            for i in range(bins):
                place = f"{name}: mean of {chromosome}:{i * width}-{(i + 1) * width}"
                expected = exact_mean(run, i * width, (i + 1) * width)
                for kind, value in (("by zoom", found[i]), ("exact", exact[i])):
                    same = value is None if expected is None else value is not None and abs(value - expected) < 1e-5 * scale
                    check(same, f"{place} {kind} {value}, not {expected}")
                by_level += 1
        # The whole chromosome: edges play no part.
        whole = bw.stats(chromosome, 0, bw.chroms(chromosome), type="mean", exact=False)[0]
        expected = exact_mean(run, 0, bw.chroms(chromosome))
        check(abs(whole - expected) < 1e-5 * scale, f"{name}: mean of {chromosome} {whole}, not {expected}")
    print(f"{name}: {len(values)} intervals, {header['nLevels']} zoom levels, {by_level} means: read by pyBigWig")


with open(sys.argv[1]) as file:
    for one in json.load(file):
        check_track(one)
if failures:
    sys.exit(f"{failures} mismatches between what was written and what pyBigWig {pyBigWig.__version__} reads")
print(f"all as written, read by pyBigWig {pyBigWig.__version__}")
