#!/usr/bin/env python3
"""Prints the JSON of `nest bench --suite … --layers --peaks` as the tables of docs/performance.md.

    python3 tools/bench_tables.py docs/bench.json            # times of every contender, peaks, times of every layer
    python3 tools/bench_tables.py --times shapes.json t2.json …   # times alone, one table a file

A layer's estimate is the larger of its multiply-adds over the peak of its precision and its weight bytes over the rate at which
weights of the model's size are read. A recurrent layer has its input product so, plus all hidden weights of a direction once a frame at the
rate of weights of their size.
"""
import argparse
import json
import math
import re

SHOWN = {"int8": "int8", "int8-static": "fixed scales", "fp32": "fp32"}
SMALLEST_US = 12  # layers below are added up
LABELS = {"torch": "LibTorch fp32", "onnxruntime": "ORT fp32", "onnxruntime-int8": "ORT int8", "nest int8-static": "NEST int8, fixed scales"}


def ms(value):
    return f"{value:.3g}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def times(report):
    names = [c["name"] for c in report["work"][0]["contenders"]]
    peers = [n for n in names if not n.startswith("nest")]
    order = [n for n in ("onnxruntime", "onnxruntime-int8", "torch") if n in peers] + [n for n in names if n.startswith("nest")]
    heads = [LABELS.get(n, n.replace("nest", "NEST")) for n in order]
    ratio = "onnxruntime" in names and "nest int8" in names
    print("| work, p50 ms | " + " | ".join(heads) + (" | best ORT / NEST int8 |" if ratio else " |"))
    print("|---" * (len(heads) + 1 + ratio) + "|")
    for work in report["work"]:
        p50 = {c["name"]: c["p50_ms"] for c in work["contenders"]}
        row = [ms(p50[n]) if n in p50 else "–" for n in order]
        if ratio:
            row.append(f"{min(v for n, v in p50.items() if n.startswith('onnxruntime')) / p50['nest int8']:.1f} ×")
        print("| " + work["name"].replace("_", " ") + " | " + " | ".join(row) + " |")
    print()


def reading_rate(report, size):
    """Bytes a microsecond, between the measured sizes on a logarithmic axis."""
    points = [(p["mb"] * 1e6, p["gb_s"] * 1e3) for p in report["peaks"]["weight_reading_gb_s"]]
    if size <= points[0][0]:
        return points[0][1]
    for (a, low), (b, high) in zip(points, points[1:]):
        if size <= b:
            return low + (high - low) * math.log(size / a) / math.log(b / a)
    return points[-1][1]


def peak(report, detail):
    kind = "s8_gmacs" if "int8" in detail else "bf16_gmacs" if "bf16" in detail else "f32_gmacs"
    return report["peaks"][kind] * 1e3  # multiply-adds a microsecond


def estimate(report, layer, model_bytes, batch):
    detail, macs, weights = layer["detail"], layer["executed_macs"], layer["weight_bytes"]
    rate, most = reading_rate(report, model_bytes), peak(report, detail)
    recurrent = re.match(r"(lstm|gru) layer \d+ .*?(\d+)x(\d+)x(\d+)( both)?", detail)
    if not recurrent or int(recurrent[2]) == batch:
        return max(macs / most, weights / rate)
    frames, inputs, units = int(recurrent[2]) / batch, int(recurrent[3]), int(recurrent[4])
    share = units / (inputs + units)
    directions = 2 if recurrent[5] else 1
    hidden = weights * share
    first = max(macs * (1 - share) / most, weights * (1 - share) / rate)
    return first + frames * hidden / reading_rate(report, hidden / directions)


def layers(report):
    for work in report["work"]:
        found = {p: work["layers"][p] for p in SHOWN if p in work["layers"]}
        if "int8" not in found or len(found["int8"]) < 6:
            continue
        print(f"**{work['name'].replace('_', ' ')}**\n")
        print("| layer | int8 µs | fixed scales | estimate | fp32 µs | estimate |\n|---|---|---|---|---|---|")
        batch = work["work"]["batch"]
        size = {p: sum(l["weight_bytes"] for l in ls) / work["work"]["steps"] for p, ls in found.items()}
        rest = {p: 0.0 for p in found}
        total = {p: sum(l["p50_us"] for l in ls) for p, ls in found.items()}
        bound = {p: sum(estimate(report, l, size[p], batch) for l in ls) for p, ls in found.items()}
        for i, layer in enumerate(found["int8"]):
            if layer["p50_us"] < SMALLEST_US or layer["executed_macs"] == 0:
                for p in found:
                    rest[p] += found[p][i]["p50_us"]
                continue
            name = re.sub(r"^(spatial_cnn|temporal_encoder)\.(transformer_encoder\.|conformer_)?", "", layer["name"])
            detail = re.sub(r" (int8|fp32)( static)?", "", layer["detail"])
            row = [f"{found['int8'][i]['p50_us']:.0f}", f"{found['int8-static'][i]['p50_us']:.0f}" if "int8-static" in found else "",
                   f"{estimate(report, found['int8-static' if 'int8-static' in found else 'int8'][i], size['int8'], batch):.0f}",
                   f"{found['fp32'][i]['p50_us']:.0f}", f"{estimate(report, found['fp32'][i], size['fp32'], batch):.0f}"]
            print(f"| {name}: {detail} | " + " | ".join(row) + " |")
        fixed = f"{rest['int8-static']:.0f}" if "int8-static" in found else ""
        print(f"| the rest | {rest['int8']:.0f} | {fixed} | | {rest['fp32']:.0f} | |")
        static = "int8-static" if "int8-static" in found else "int8"
        print(f"| **all** | **{total['int8']:.0f}** | **{total[static]:.0f}** | **{bound[static]:.0f}** | **{total['fp32']:.0f}** | "
              f"**{bound['fp32']:.0f}** |\n")


def peaks(report):
    p = report["peaks"]
    print("| | |\n|---|---|")
    print(f"| fp32 products, operands in the first-level cache | {p['f32_gmacs']:.0f} GMAC/s |")
    print(f"| bf16 | {p['bf16_gmacs']:.0f} GMAC/s |\n| int8 | {p['s8_gmacs']:.0f} GMAC/s |")
    sizes = " / ".join(f"{q['mb']:g}" for q in p["weight_reading_gb_s"])
    rates = " / ".join(f"{q['gb_s']:.0f}" for q in p["weight_reading_gb_s"])
    print(f"| weights of {sizes} MB read over and over by a one-row product | {rates} GB/s |\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+")
    parser.add_argument("--times", action="store_true", help="no peaks, no layers")
    options = parser.parse_args()
    for path in options.reports:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        print(f"{path}: {report['machine']['cpu']}, {report['machine']['cores']} cores, {report['options']['threads']} thread(s), "
              f"load {report['load_average_before']:.1f} before, {report['load_average_after']:.1f} after\n")
        times(report)
        if not options.times:
            peaks(report)
            layers(report)


if __name__ == "__main__":
    main()
