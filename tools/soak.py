#!/usr/bin/env python3
"""Hours of signal through nest stream as fast as it takes them: does memory stay flat, do events stay linear?

    tools/soak.py NEST MODEL [HOURS] [RECORDING.npy]

Sends float32 frames to standard input: a recording [channels, samples] over and over, or noise for a model of 19
channels at 125 Hz. Prints, for every tenth of the time, signal hours, resident megabytes, events and bytes of JSON.
Exit code 1 if memory grows by more than 2 MB over the second half, or events by more than a hundredth from tenth to tenth.
"""
import json
import subprocess
import sys
import threading

import numpy as np

RATE, TENTHS = 125, 10
CHANNELS = ["Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"]


def resident_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def main():
    nest, model, hours = sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 24
    if len(sys.argv) > 4:
        signal = np.load(sys.argv[4]).astype("<f4")
    else:
        signal = np.random.default_rng(1).normal(0, 2e-5, (len(CHANNELS), RATE * 600)).astype("<f4")
    frames = np.ascontiguousarray(signal.T).tobytes()
    process = subprocess.Popen([nest, "stream", "--model", model, "--source", "stdin", "--precision", "int8", "--json"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    counts = {"events": 0, "bytes": 0, "last": b""}

    def read():
        for line in process.stdout:
            counts["events"] += 1
            counts["bytes"] += len(line)
            counts["last"] = line

    reader = threading.Thread(target=read)
    reader.start()
    header = {"rate_hz": RATE, "channels": CHANNELS, "unit": "V"}
    process.stdin.write((json.dumps(header) + "\n").encode())
    total = int(hours * 3600 * RATE) * len(CHANNELS) * 4
    sent, rows = 0, []
    for tenth in range(1, TENTHS + 1):
        until = total * tenth // TENTHS
        while sent < until:
            part = frames[sent % len(frames):][:min(until - sent, 1 << 20)]
            process.stdin.write(part)
            sent += len(part)
        process.stdin.flush()
        rows.append((hours * tenth / TENTHS, resident_mb(process.pid), counts["events"], counts["bytes"]))
        print("{:6.1f} h  {:6.1f} MB  {:8d} events  {:10d} bytes".format(*rows[-1]), flush=True)
    process.stdin.close()
    reader.join()
    summary = json.loads(counts["last"])["summary"]
    print(f"{summary['signal_s'] / 3600:.2f} h in {summary['wall_s']:.0f} s, {summary['latency']['count']} hops, p99.9 "
          f"{summary['latency']['p999_ms']:.2f} ms, faults {summary['faults']}")
    growth = rows[-1][1] - rows[TENTHS // 2 - 1][1]
    steps = [b[2] - a[2] for a, b in zip(rows[1:], rows[2:])]
    is_linear = max(steps) - min(steps) <= 0.01 * max(steps) + 64
    print(f"memory grew {growth:.1f} MB over the second half; events a tenth: {min(steps)} to {max(steps)}")
    return process.wait() or int(growth > 2 or not is_linear)


if __name__ == "__main__":
    sys.exit(main())
