#!/usr/bin/env python3
"""A CTC model made smaller by NNCF and by ONNX Runtime's own tool, beside what `nest compress` made of it.

    nest export --model M.pt --out model.onnx
    nest export --model M.pt --out preprocessing.onnx --graph preprocessing
    python3 tools/peers/compress_peer.py --model model.onnx --preprocessing preprocessing.onnx --tokenizer RUN/tokenizer.json \
        --data DIR --nest build/release/apps/nest/nest --ours OUT/model.prepared [--ours …]

Every file is run on the same utterances of the test split, one at a time on one thread, in turns; the least of the rounds
counts for an utterance. ONNX Runtime is given the preprocessed signal and is timed without preprocessing and decoding;
NEST's times are those of `nest benchmark`, with them. Character errors are counted here for both, changes are paired with
95 % bootstrap intervals. Needs numpy, onnx, onnxruntime and nncf (`pip install nncf onnx onnxruntime`).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def utterances(folder, split, most):
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").open()]
    rows = [row for row in rows if row["split"] == split]
    return rows[:: max(1, len(rows) // most)] if most else rows


def signals(folder, rows, preprocessing):
    graph = session(preprocessing)
    return [graph.run(None, {"samples": numpy.load(folder / row["signal"]).astype(numpy.float64)})[0] for row in rows]


def edits(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def greedy(log_probs, characters):
    best = log_probs[0].argmax(-1)
    kept = [k for i, k in enumerate(best) if k != 0 and (i == 0 or k != best[i - 1])]
    return "".join(characters.get(int(k), "") for k in kept)


def compressed(model, calibration, folder):
    """Files that the peers make: name -> path."""
    import nncf

    made = {"float": model}
    made["ONNX Runtime, dynamic int8"] = folder / "dynamic.onnx"
    quantize_dynamic(model, made["ONNX Runtime, dynamic int8"], weight_type=QuantType.QInt8, per_channel=True)
    data = nncf.Dataset(calibration, lambda x: {"signal": x})
    attempts = {
        "NNCF, static int8": lambda m: nncf.quantize(m, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=len(calibration)),
        "NNCF, int4 weights": lambda m: nncf.compress_weights(m, mode=nncf.CompressWeightsMode.INT4_SYM, group_size=-1,
                                                             all_layers=True),
    }
    for name, attempt in attempts.items():
        try:
            path = folder / (name.split()[1] + ".onnx")
            onnx.save(attempt(onnx.load(model)), path)
            session(path)
            made[name] = path
        except Exception as error:  # a peer that cannot do it is a row of the table
            print(f"{name}: {type(error).__name__}: {str(error).splitlines()[0][:200]}", file=sys.stderr)
    return made


def run_all(files, test, characters, rounds):
    """name -> (texts, least milliseconds of each utterance)."""
    sessions = {name: session(path) for name, path in files.items()}
    texts = {name: [greedy(s.run(None, {"signal": x})[0], characters) for x in test] for name, s in sessions.items()}
    least = {name: numpy.full(len(test), numpy.inf) for name in sessions}
    for _ in range(rounds):
        for i, x in enumerate(test):
            for name, s in sessions.items():
                start = time.perf_counter()
                s.run(None, {"signal": x})
                least[name][i] = min(least[name][i], 1e3 * (time.perf_counter() - start))
    return {name: (texts[name], least[name]) for name in sessions}


def run_ours(nest, model, data, split, rows, rounds):
    """The same of a file of ours, by `nest benchmark`."""
    least, texts = None, None
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            out = pathlib.Path(folder) / "r.json"
            subprocess.run([nest, "benchmark", "--model", model, "--data", data, "--split", split, "--output", out], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            by_id = {u["id"]: u for u in json.loads(out.read_text())["utterances"]}
            ms = numpy.array([by_id[row["id"]]["encode_ms"] + by_id[row["id"]]["decode_ms"] for row in rows])
            least = ms if least is None else numpy.minimum(least, ms)
            texts = [by_id[row["id"]]["hypothesis"] for row in rows]
    return texts, least


def table(results, sizes, rows):
    references = [row["text"] for row in rows]
    lengths = numpy.array([len(text) for text in references], dtype=float)
    draws = numpy.random.default_rng(1).integers(0, len(rows), (2000, len(rows)))
    errors = {name: numpy.array([edits(a, b) for a, b in zip(references, texts)]) for name, (texts, _) in results.items()}
    base, floats = errors["float"], sizes["float"]
    print("| model | file kB | smaller | p50 ms | p95 ms | CER % | change, points |\n|---|---|---|---|---|---|---|")
    for name, (_, ms) in results.items():
        change = 100 * (errors[name] - base)[draws].sum(1) / lengths[draws].sum(1)
        low, high = numpy.percentile(change, [2.5, 97.5])
        print(f"| {name} | {sizes[name] / 1e3:.0f} | {floats / sizes[name]:.1f}x | {numpy.percentile(ms, 50):.2f} | "
              f"{numpy.percentile(ms, 95):.2f} | {100 * errors[name].sum() / lengths.sum():.2f} | "
              f"{100 * (errors[name] - base).sum() / lengths.sum():+.2f} [{low:.2f}, {high:.2f}] |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="nest export --graph model, fp32")
    parser.add_argument("--preprocessing", type=pathlib.Path, required=True, help="nest export --graph preprocessing")
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="of characters")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="dataset folder of .npy signals")
    parser.add_argument("--split", default="test")
    parser.add_argument("--nest", default="nest")
    parser.add_argument("--ours", action="append", default=[], help="what nest compress made; may be repeated")
    parser.add_argument("--utterances", type=int, default=0, help="at most so many; 0: all")
    parser.add_argument("--calibrate-utterances", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    a = parser.parse_args()
    characters = {i: c for c, i in json.loads(a.tokenizer.read_text())["vocab"].items() if len(c) == 1}
    rows = utterances(a.data, a.split, a.utterances)
    calibration = signals(a.data, utterances(a.data, "train", a.calibrate_utterances), a.preprocessing)
    with tempfile.TemporaryDirectory() as folder:
        files = compressed(a.model, calibration, pathlib.Path(folder))
        results = run_all(files, signals(a.data, rows, a.preprocessing), characters, a.rounds)
        sizes = {name: pathlib.Path(path).stat().st_size for name, path in files.items()}
    results = {("float" if n == "float" else n): r for n, r in results.items()}
    for path in a.ours:
        name = "NEST, " + pathlib.Path(path).name
        results[name] = run_ours(a.nest, path, a.data, a.split, rows, a.rounds)
        sizes[name] = pathlib.Path(path).stat().st_size
    print(f"onnxruntime {onnxruntime.__version__}, {len(rows)} utterances, one thread, least of {a.rounds} rounds\n")
    table(results, sizes, rows)


main()
