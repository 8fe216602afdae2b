#!/usr/bin/env python3
"""How long a process takes until a prepared model is ready, and what streaming with it holds in memory.

    python3 bench/prepared_start.py <nest command> [runs]

Packs the BiLSTM model of configs/bench.yaml (104 channels, 3 x 512, random weights) to int8, then times
whole processes: `nest --version`, `nest inspect` of the prepared file (mapped, every checksum verified) and
`nest stream` of one second of noise, each from exec to exit. Medians and minima in milliseconds, wall and processor time; the
largest resident set in MB (10^6 bytes).
"""
import os
import random
import statistics
import struct
import subprocess
import sys
import tempfile
import time

CHANNELS, RATE = 104, 500


def write_noise(path, samples):
    """float32 .npy [CHANNELS, samples]."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({CHANNELS}, {samples}), }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    rng = random.Random(1)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for _ in range(CHANNELS):
            file.write(struct.pack(f"<{samples}f", *(rng.gauss(0, 20) for _ in range(samples))))


def measure(command):
    """(wall milliseconds, processor milliseconds, MB) of one process."""
    begin = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}: {errors.decode()}")
    return (time.perf_counter() - begin) * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3, usage.ru_maxrss * 1024 / 1e6


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    nest, runs = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 30
    with tempfile.TemporaryDirectory() as folder:
        model, noise, edf = (os.path.join(folder, name) for name in ("bilstm.prepared", "noise.npy", "noise.edf"))
        subprocess.run([nest, "bench", "--suite", "configs/bench.yaml", "--only", "bilstm", "--save-models", folder],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run([nest, "convert", os.path.join(folder, "bilstm.safetensors"), model, "--precision", "int8"],
                       check=True, stdout=subprocess.DEVNULL)
        write_noise(noise, 60 * RATE)
        subprocess.run([nest, "convert", noise, edf, "--rate", str(RATE)], check=True, stdout=subprocess.DEVNULL)
        stream = [nest, "stream", "--model", model, "--source", "edf:" + edf, "--unit", "uV", "--window", "1.024", "--hop", "0.256",
                  "--lookahead", "0.256"]
        work = {"start of nest alone": [nest, "--version"], "prepared model opened": [nest, "inspect", model],
                "first second decoded": stream + ["--duration", "1.1"]}
        print(f"prepared file: {os.path.getsize(model) / 1e6:.1f} MB")
        results = {name: [] for name in work}
        for _ in range(runs):
            for name, command in work.items():
                results[name].append(measure(command)[:2])
        for name, pairs in results.items():
            wall, busy = zip(*pairs)
            print(f"{name:<24} median {statistics.median(wall):6.1f} ms  min {min(wall):6.1f} ms  "
                  f"processor time {statistics.median(busy):6.1f} ms")
        print(f"streaming a minute: peak resident memory {measure(stream)[2]:.1f} MB")


if __name__ == "__main__":
    main()
