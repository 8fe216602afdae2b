#!/usr/bin/env python3
"""The online filter against SciPy in one run on the same core, interleaved; prints medians and the ratio.

    /usr/bin/python3 bench/signal_vs_scipy.py BUILD_DIR

128 channels x 100 samples, Butterworth band-pass of order 4 (four sections) and 50 Hz notch, carried
state. Times are processor time of one thread, so that other load on the machine counts less. SciPy runs sosfilt (band-pass) and lfilter (notch) on float64 [channels, samples].
"""
import json
import statistics
import subprocess
import sys
import time

import numpy
from scipy import signal

ROUNDS = 15


def scipy_us():
    sos = signal.butter(4, [0.5, 40.0], "bandpass", fs=500.0, output="sos")
    b, a = signal.iirnotch(50.0, 30.0, fs=500.0)
    x = numpy.random.default_rng(1).standard_normal((128, 100))
    sos_state, notch_state = numpy.zeros((4, 128, 2)), numpy.zeros((128, 2))
    times = []
    for _ in range(300):
        start = time.thread_time()
        y, sos_state = signal.sosfilt(sos, x, zi=sos_state)
        y, notch_state = signal.lfilter(b, a, y, zi=notch_state)
        times.append((time.thread_time() - start) * 1e6)
    return statistics.median(times[50:])


def nest_us(build):
    out = subprocess.run([f"{build}/bench/nest_bench_signal", "--benchmark_format=json", "--benchmark_min_time=0.1"],
                         check=True, capture_output=True, text=True).stdout
    return {b["name"]: b["cpu_time"] for b in json.loads(out)["benchmarks"]
            if b["name"].startswith("online_filter")}


def main():
    theirs, ours = [], {}
    for _ in range(ROUNDS):
        theirs.append(scipy_us())
        for name, value in nest_us(sys.argv[1]).items():
            ours.setdefault(name, []).append(value)
    base = statistics.median(theirs)
    print(f"{'what':<28}{'median us':>11}{'best us':>10}{'times SciPy':>13}")
    print(f"{'SciPy sosfilt + lfilter':<28}{base:>11.1f}{min(theirs):>10.1f}{1.0:>13.1f}")
    for name, values in ours.items():
        median = statistics.median(values)
        print(f"{name:<28}{median:>11.1f}{min(values):>10.1f}{base / median:>13.1f}")


if __name__ == "__main__":
    main()
