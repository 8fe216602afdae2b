#!/usr/bin/env python3
"""Golden values for tests/signal from SciPy; writes design.json, resample.json beside this script.

    /usr/bin/python3 tests/golden/signal/generate.py
"""
import json
import pathlib
import sys

import numpy
import scipy
from scipy import signal

HERE = pathlib.Path(__file__).resolve().parent
VERSIONS = {"python": sys.version.split()[0], "numpy": numpy.__version__, "scipy": scipy.__version__}


def butterworth_cases():
    cases = []
    for rate in (120.0, 250.0, 500.0, 2048.0):
        for order in (1, 2, 3, 4, 5, 6, 7, 8, 10):
            for kind, edges in (("lowpass", [40.0]), ("lowpass", [rate * 0.45]), ("highpass", [0.5]),
                                ("highpass", [1.0]), ("bandpass", [0.5, 40.0]), ("bandpass", [8.0, 13.0]),
                                ("bandpass", [rate / 8, rate * 3 / 8]), ("bandpass", [1.0, rate * 0.49]),
                                ("bandstop", [48.0, 52.0]), ("bandstop", [rate / 8, rate * 3 / 8])):
                wn = edges if len(edges) == 2 else edges[0]
                sos = signal.butter(order, wn, kind, fs=rate, output="sos")
                poles = [abs(numpy.roots(row[3:])).max() for row in sos]
                if max(poles) >= 1:
                    continue
                cases.append({"rate": rate, "order": order, "kind": kind, "edges": edges,
                              "sos": sos.tolist(), "zi": signal.sosfilt_zi(sos).tolist()})
    return cases


def notch_cases():
    cases = []
    for rate in (120.0, 250.0, 500.0, 2048.0):
        for hz in (10.0, 50.0, 59.5):
            for q in (1.0, 30.0, 100.0):
                b, a = signal.iirnotch(hz, q, fs=rate)
                cases.append({"rate": rate, "hz": hz, "q": q, "b": b.tolist(), "a": a.tolist()})
    return cases


def response_case():
    sos = signal.butter(4, [0.5, 40.0], "bandpass", fs=500.0, output="sos")
    hz = [0.01, 0.5, 1.0, 10.0, 40.0, 50.0, 100.0, 249.0]
    _, h = signal.sosfreqz(sos, worN=hz, fs=500.0)
    return {"hz": hz, "real": h.real.tolist(), "imag": h.imag.tolist()}


def resample_cases():
    cases = []
    rng = numpy.random.default_rng(7)
    for up, down in ((1, 2), (2, 1), (1, 4), (3, 2), (2, 3), (125, 128), (64, 125)):
        x = numpy.round(rng.standard_normal((2, 97)), 6)
        cases.append({"up": up, "down": down, "input": x.tolist(),
                      "output": signal.resample_poly(x, up, down, axis=-1).tolist()})
    return cases


def write(name, data):
    text = json.dumps({"generator": "tests/golden/signal/generate.py", "versions": VERSIONS, **data},
                      separators=(",", ":"))
    (HERE / name).write_text(text + "\n")


write("design.json", {"butterworth": butterworth_cases(), "notch": notch_cases(),
                      "response": response_case()})
write("resample.json", {"resample": resample_cases()})
