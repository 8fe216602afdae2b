#!/usr/bin/env python3
"""What pipeline.sh reached beside what the specification promises; run in its folder.

    promises.py MODEL ROUNDS
"""
import json
import os
import sys


def load(name):
    with open(name) as file:
        return json.load(file)


def p50_ms(what, rounds):
    """Of an utterance recognized alone: the least of the rounds, which a busy machine disturbs least."""
    return min(load(f"{what}.{r}.json")["summary"]["latency"]["total_ms"]["p50"] for r in range(1, rounds + 1))


def main():
    model, rounds = sys.argv[1], int(sys.argv[2])
    before, after = load("baseline.profile.json"), load("optimized.profile.json")
    files = [os.path.getsize(model), os.path.getsize("quantized.safetensors")]
    times = {what: p50_ms(what, rounds) for what in ("torch", "float", "optimized")}
    errors = [100 * load(f"{what}.1.json")["cer"] for what in ("float", "optimized")]
    memory = [before["total_bytes"], after["total_bytes"]]
    rows = [
        ("size of the file", f"{files[0] / 1e3:.1f} → {files[1] / 1e3:.1f} kB", f"{files[0] / files[1]:.1f}x", "10-15x"),
        ("speed, against PyTorch", f"{times['torch']:.2f} → {times['optimized']:.3f} ms",
         f"{times['torch'] / times['optimized']:.1f}x", "5-8x"),
        ("speed, against the float model here", f"{times['float']:.3f} → {times['optimized']:.3f} ms",
         f"{times['float'] / times['optimized']:.1f}x", ""),
        ("errors: CER", f"{errors[0]:.2f} → {errors[1]:.2f} %", f"{errors[1] - errors[0]:+.2f} points", "below 3"),
        ("memory: weights and activations", f"{memory[0] / 1e6:.3f} → {memory[1] / 1e6:.3f} MB",
         f"{memory[0] / memory[1]:.1f}x", "4-6x"),
    ]
    print("| | from, to | reached | promised |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
