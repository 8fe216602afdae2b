#!/usr/bin/env python3
"""What a precision of the native runtime changes in the decoded text.

    python3 bench/precision_change.py <nest command> MODEL DATA

Decodes the test split at every precision (nest benchmark), then prints, against fp32 on the same
utterances: tokens changed (edit distance of the two texts over the tokens of the fp32 text; characters are the
tokens of models/synth_ctc.pt), word error rate, and its difference with a 95 % paired bootstrap interval
(nest compare).
"""
import json
import os
import subprocess
import sys
import tempfile

PRECISIONS = ["fp32", "fp16", "bf16", "int8", "int4"]
# Fixed scales of activations, found on the training split, in prepared files: of convolutions (which then run on bytes), of all products.
FIXED = {"int8, fixed convolutions": "convolutions", "int8, all fixed": "all"}


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode not in (0, 1):  # 1: compare found a regression, which the table shows
        sys.exit(f"{' '.join(command)}: {result.stderr}")
    return result.stdout


def hypotheses(path):
    with open(path, encoding="utf-8") as file:
        return {u["id"]: u["hypothesis"] for u in json.load(file)["utterances"]}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    nest, model, data = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        # A list of files takes commas, and names of precisions here have some.
        result = {p: os.path.join(folder, p.replace(", ", "-") + ".json") for p in [*PRECISIONS, *FIXED]}
        text = {p: os.path.join(folder, p + ".txt") for p in result}
        for p in result:
            flags = ["--model", model, "--precision", p]
            if p in FIXED:
                prepared = os.path.join(folder, FIXED[p] + ".prepared")
                run(nest, "convert", model, prepared, "--precision", "int8", "--calibrate", data, "--fixed-scales", FIXED[p])
                flags = ["--model", prepared]
            run(nest, "benchmark", *flags, "--data", data, "--split", "test", "--threads", "1", "--output", result[p])
            with open(text[p], "w", encoding="utf-8") as file:
                file.writelines(line + "\n" for _, line in sorted(hypotheses(result[p]).items()))
        print(f"{'precision':<26}{'tokens changed':>18}{'WER %':>9}{'difference in points':>28}")
        for p in result:
            cer = json.loads(run(nest, "score", "--ref", text["fp32"], "--hyp", text[p], "--json"))["score"]["cer"]
            wer = next(m for m in json.loads(run(nest, "compare", result["fp32"], result[p], "--json"))["metrics"]
                       if m["name"] == "wer")
            delta = wer["delta"]
            changed = f"{cer['errors']} of {cer['reference_characters']}"
            interval = f"{100 * delta['estimate']:+.2f} [{100 * delta['low']:+.2f}, {100 * delta['high']:+.2f}]"
            print(f"{p:<26}{changed:>18}{100 * wer['b']:9.2f}{interval:>28}")


if __name__ == "__main__":
    main()
