"""Writes packages/numerics/test/fixtures/special-functions.json: values of scipy and, to 30 digits, of mpmath.

    python3 bench/peers/special_function_facts.py > packages/numerics/test/fixtures/special-functions.json

The file is stored in the repository: tests never run this script.
"""

import json

import mpmath as mp
import scipy
from scipy import special

mp.mp.dps = 30
positive = [1e-6, 1e-3, 0.02, 0.1, 0.5, 0.9999, 1, 1.0001, 1.5, 2, 2.5, 3, 7.3, 11.9, 12, 50.5, 1e3, 1e6, 1e10]
pairs = [(a, q) for a in [0.02, 0.1, 0.3, 0.9, 1, 1.7, 5, 30, 250, 1000, 10000] for q in
         [1e-8, 1e-3, 0.02, 0.25, 0.5, 0.75, 0.98, 0.999, 1 - 1e-8]]
facts = {
    "scipy": scipy.__version__,
    "mpmath": mp.__version__,
    "logGamma": [[x, float(mp.loggamma(x))] for x in positive],
    "digamma": [[x, float(mp.digamma(x))] for x in positive],
    "trigamma": [[x, float(mp.polygamma(1, x))] for x in positive],
    "errorFunction": [[x, float(mp.erf(x))] for x in [-7, -2, -0.3, 0, 1e-5, 0.1, 0.7, 1, 1.4, 1.6, 2.5, 3, 5, 6.5]],
    # [shape, x, P, 1 - P]
    "regularisedGamma": [],
    # [shape, probability, x]
    "quantile": [],
    # [shape, x, -(dP/dshape) / density]
    "quantileSlope": [],
}


def slope(a, x):
    a, x = mp.mpf(a), mp.mpf(x)
    # The smaller tail keeps its digits.
    if mp.gammainc(a, 0, x, regularized=True) < 0.5:
        change = mp.diff(lambda s: mp.gammainc(s, 0, x, regularized=True), a)
    else:
        change = -mp.diff(lambda s: mp.gammainc(s, x, mp.inf, regularized=True), a)
    return -change / (mp.exp((a - 1) * mp.log(x) - x - mp.loggamma(a)))


for a, q in pairs:
    x = float(special.gammaincinv(a, q))
    if x < 1e-250:
        continue
    facts["quantile"].append([a, q, x])
    facts["regularisedGamma"].append([a, x, float(special.gammainc(a, x)), float(special.gammaincc(a, x))])
    if a <= 1000:
        facts["quantileSlope"].append([a, x, float(slope(a, x))])
print(json.dumps(facts))
