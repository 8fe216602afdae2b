#!/usr/bin/env python3
"""What timing every layer costs a run, in the native runtime and in LibTorch.

    python3 bench/timing_overhead.py <nest command> [rounds] [model ...]

`nest profile` runs each model with the clock and without, in turns, and compares the shortest runs of a round
(`timing.overhead` of its JSON). This calls it for the executors in turns until each has `rounds` rounds (default 60),
and prints for each model and executor the median over all rounds with its 95 % interval, from order statistics alone.
Default models: models/synth_ctc.pt and the BiLSTM of configs/bench.yaml. Exit code 1 if an interval lies above 2 %,
3 if one is too wide to tell (more rounds, or a quieter machine).
"""
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile

LIMIT, ROUNDS_A_CALL, RUNS = 0.02, 10, 25


def interval(values):
    """(low, high) with at least 95 % confidence for the median; six values at least."""
    values, n = sorted(values), len(values)

    def outside(k):
        return 2 * sum(math.comb(n, i) for i in range(k)) / 2**n

    k = max(k for k in range(1, n // 2 + 1) if k == 1 or outside(k) <= 0.05)
    return values[k - 1], values[n - k]


def overheads(nest, model, executor):
    report = subprocess.run([nest, "profile", "--model", model, "--graph", "encoder", "--length", "500",
                             "--executor", executor, "--threads", "1", "--rounds", str(ROUNDS_A_CALL),
                             "--runs", str(RUNS), "--json"], check=True, stdout=subprocess.PIPE)
    return json.loads(report.stdout)["timing"][0]["overhead"]["rounds"]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    nest, rounds = sys.argv[1], max(10, int(sys.argv[2])) if len(sys.argv) > 2 else 60
    verdicts = set()
    with tempfile.TemporaryDirectory() as folder:
        models = sys.argv[3:]
        if not models:
            subprocess.run([nest, "bench", "--suite", "configs/bench.yaml", "--only", "bilstm", "--save-models", folder],
                           check=True, stdout=subprocess.DEVNULL)
            models = ["models/synth_ctc.pt", os.path.join(folder, "bilstm.safetensors")]
        found = {(model, executor): [] for model in models for executor in ("native", "torch")}
        while min(map(len, found.values())) < rounds:
            for (model, executor), values in found.items():
                values += overheads(nest, model, executor)
        for (model, executor), values in found.items():
            low, high = interval(values)
            verdict = "above 2 %" if low > LIMIT else "below 2 %" if high < LIMIT else "not resolved"
            verdicts.add(verdict)
            print(f"{os.path.basename(model):<22} {executor:<7} {100 * statistics.median(values):+6.2f} %  "
                  f"({100 * low:+.2f} to {100 * high:+.2f}, {len(values)} rounds): {verdict}")
    sys.exit(1 if "above 2 %" in verdicts else 3 if "not resolved" in verdicts else 0)


if __name__ == "__main__":
    main()
