"""MOODS and memelite scanning a genome with the motifs of a MEME file, both strands, p < 0.0001.

Arguments: MEME file, FASTA file (plain), JSON file with [{"matrix": 4 rows of log-odds, "threshold": bits}] for MOODS.
Prints one JSON object: seconds and processor seconds of one scan after the other work is done, and sites found.
"""

import json
import sys
import time

meme, fasta, matrices = sys.argv[1:4]
result = {}


def measure(name, work):
    best, used, sites = 1e9, 1e9, 0
    for _ in range(2):
        start, processor = time.perf_counter(), time.process_time()
        sites = work()
        best = min(best, time.perf_counter() - start)
        used = min(used, time.process_time() - processor)
    result[f"{name}Seconds"], result[f"{name}Processor"], result[f"{name}Sites"] = best, used, sites


sequences, name = {}, None
with open(fasta) as file:
    for line in file:
        if line.startswith(">"):
            name = line[1:].split()[0]
            sequences[name] = []
        else:
            sequences[name].append(line.strip())
sequences = {name: "".join(parts) for name, parts in sequences.items()}

try:
    import MOODS.scan

    motifs = json.load(open(matrices))
    background = [0.274552, 0.225448, 0.225448, 0.274552]
    both = [m["matrix"] for m in motifs]
    both += [[row[::-1] for row in m["matrix"][::-1]] for m in motifs]
    thresholds = [m["threshold"] for m in motifs] * 2

    def moods():
        scanner = MOODS.scan.Scanner(7)
        scanner.set_motifs(both, background, thresholds)
        return sum(len(hits) for sequence in sequences.values() for hits in scanner.scan(sequence))

    measure("moods", moods)
except ImportError:
    print("no MOODS", file=sys.stderr)

try:
    from memelite import fimo

    measure("memelite", lambda: int(sum(len(hits) for hits in fimo(meme, fasta))))
except ImportError:
    print("no memelite", file=sys.stderr)

print(json.dumps(result))
