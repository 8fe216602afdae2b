#!/usr/bin/env python3
"""Writes a prepared model with the program given, and what it computes: usage: generate.py NEST NAME PRECISION.

NAME.prepared is a causal CTC model of random weights (seed 7 of `nest bench`), int8 or int4, with a fixed scale for every
activation, and NAME.safetensors the same; input.npy is one signal and NAME.npy the encoder's frames of it with the generic
kernels.

version2.* were written by version 0.1.0 at commit 9a382d3, the last one whose files hold "options" with precision, layers
and scales; version3.* by a program of 24632c7 or soon after, version4.* by one of cfee390 or soon after (files before filters were
codes), both without a .safetensors; version5.* are int4 by one of ec79c58 or soon before, when 32 weights had a scale. They stay as they are: no later program writes those formats.
"""
import json
import math
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CHANNELS, SAMPLES = 5, 240
MODEL = """
tiny_ctc:
  model_name: NEST_CTC
  n_channels: 5
  vocab_size: 7
  causal: true
  spatial_cnn: {type: DeepConvNet, n_channels: 5, n_filters: 4, pool_size: 2}
  temporal_encoder: {type: Transformer, d_model: 16, nhead: 4, num_layers: 1, dim_feedforward: 24, attention_left: 9, max_len: 64}
  decoder: {vocab_size: 7}
"""


def write_noise(path: pathlib.Path, shape: tuple[int, ...], seed: int) -> None:
    """Normal numbers as NumPy's float32 file."""
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (63 - (len(head) + 10) % 64) + "\n"
    source = random.Random(seed)
    count = math.prod(shape)
    path.write_bytes(b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() +
                     struct.pack(f"<{count}f", *(source.gauss(0, 1) for _ in range(count))))


def dataset(folder: pathlib.Path) -> None:
    lines = []
    for i in range(4):
        write_noise(folder / f"u{i}.npy", (CHANNELS, SAMPLES), i)
        lines.append(json.dumps({"id": f"u{i}", "signal": f"u{i}.npy", "text": "a", "subject": "s", "session": "r",
                                 "split": "train"}))
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "dataset.json").write_text(json.dumps(
        {"version": 1, "name": "noise", "signal": {"rate_hz": 100.0, "num_channels": CHANNELS}}))


def main() -> None:
    nest, name, precision = sys.argv[1:]
    run = lambda *arguments: subprocess.run([nest, *map(str, arguments)], check=True,
                                            env={**os.environ, "NEST_ISA": "generic"})
    write_noise(HERE / "input.npy", (1, CHANNELS, SAMPLES), 9)
    with tempfile.TemporaryDirectory() as made:
        work = pathlib.Path(made)
        (work / "model.yaml").write_text(MODEL)
        dataset(work)
        run("bench", "--config", work / "model.yaml", "--model-key", "tiny_ctc", "--graph", "encoder", "--save-models", work)
        run("quantize", "--model", next(work.glob("*.safetensors")), "--method", "static", "--data", work, "--split", "train",
            "--precision", precision, "--fixed-scales", "all", "--output", HERE / f"{name}.safetensors")
        run("convert", HERE / f"{name}.safetensors", HERE / f"{name}.prepared")
        run("run", "--model", HERE / f"{name}.prepared", "--graph", "encoder", "--input", f"eeg_data={HERE / 'input.npy'}",
            "--output", work)
        shutil.copy(work / "encoder_output.npy", HERE / f"{name}.npy")


main()
