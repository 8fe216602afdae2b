#!/usr/bin/env python3
"""Draws the JSON of `nest bench --suite` as bars, one group a piece of work, time on a log axis.

    python3 tools/bench_chart.py docs/bench.json docs/bench.svg
"""
import json
import math
import sys
from xml.sax.saxutils import escape

COLOURS = {"nest fp32": "#1b6ca8", "nest bf16": "#3d9bd6", "nest int8": "#7cc4f0", "nest int8-static": "#b9e3fb",
           "onnxruntime": "#d9822b", "onnxruntime-int8": "#f0b37a", "torch": "#8a8a8a"}
LABELS = {"nest fp32": "NEST fp32", "nest bf16": "NEST bf16", "nest int8": "NEST int8", "nest int8-static": "NEST int8, fixed scales", "torch": "LibTorch fp32",
          "onnxruntime": "ONNX Runtime fp32", "onnxruntime-int8": "ONNX Runtime int8"}
LEFT, WIDTH, BAR, GAP = 190, 560, 13, 16


def text(x, y, words, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'


def draw(report):
    names = [c["name"] for c in report["work"][0]["contenders"]]
    times = [c["p50_ms"] for work in report["work"] for c in work["contenders"]]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x_of(ms):
        return LEFT + WIDTH * (math.log10(ms) - low) / (high - low)

    parts, y = [], 44
    for i, name in enumerate(names):
        x = 10 + i % 3 * 250
        parts.append(f'<rect x="{x}" y="{8 + i // 3 * 16}" width="10" height="10" fill="{COLOURS[name]}"/>')
        parts.append(text(x + 16, 17 + i // 3 * 16, LABELS[name]))
    top = y
    for work in report["work"]:
        parts.append(text(LEFT - 8, y + BAR * len(names) / 2 + 4, work["name"].replace("_", " "), "end"))
        for c in work["contenders"]:
            x = x_of(c["p50_ms"])
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{x - LEFT:.1f}" height="{BAR - 2}" fill="{COLOURS[c["name"]]}"/>')
            parts.append(text(x + 4, y + BAR - 3, f'{c["p50_ms"]:.3g}', size=10))
            y += BAR
        y += GAP
    for power in range(low, high + 1):
        x = x_of(10.0 ** power)
        parts.insert(0, f'<line x1="{x:.1f}" y1="{top - 4}" x2="{x:.1f}" y2="{y - GAP + 4}" stroke="#ddd"/>')
        parts.append(text(x, y, f"{10.0 ** power:g} ms", "middle", 11))
    height = y + 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {height}" '
            f'font-family="sans-serif" fill="#222"><rect width="100%" height="100%" fill="#fff"/>' + "".join(parts) + "</svg>\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(report))


if __name__ == "__main__":
    main()
