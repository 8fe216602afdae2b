#!/usr/bin/env python3
"""Draws docs/architecture.svg: the modules in layers and the two roads through them.

    tools/architecture_svg.py > docs/architecture.svg

An opaque light panel, so that it reads the same on light and dark pages.
"""

INK, SOFT, LINE, PANEL = "#1b2733", "#56616d", "#9aa5b1", "#f7f8fa"
CORE, TORCH, APP, PLAIN = "#d9e8f6", "#fbe3cd", "#e3ead9", "#ffffff"
WIDTH = 980
parts = []


def text(x, y, words, size=13, weight="normal", fill=INK, anchor="middle"):
    parts.append(f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}" text-anchor="{anchor}">{words}</text>')


def box(x, y, width, height, title, lines=(), fill=PLAIN):
    """A titled box; the text block is centred in it."""
    parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{LINE}"/>')
    top = y + height / 2 + 5 - 8 * len(lines)
    text(x + width / 2, top, title, weight="600")
    for i, line in enumerate(lines):
        text(x + width / 2, top + 16 * (i + 1), line, size=11, fill=SOFT)


def arrow(*points):
    path = " L ".join(f"{x} {y}" for x, y in points)
    parts.append(f'<path d="M {path}" fill="none" stroke="{SOFT}" stroke-width="1.5" marker-end="url(#tip)"/>')


def row(y, height, entries, left=30, gap=10, total=WIDTH - 60):
    """Boxes of equal width side by side; entries are (title, lines, fill)."""
    width = (total - gap * (len(entries) - 1)) / len(entries)
    for i, (title, lines, fill) in enumerate(entries):
        box(round(left + i * (width + gap)), y, round(width), height, title, lines, fill)


def chain(y, entries, left=30, gap=22, total=WIDTH - 60, height=58):
    """Boxes with arrows from each to the next."""
    row(y, height, entries, left, gap, total)
    width = (total - gap * (len(entries) - 1)) / len(entries)
    for i in range(len(entries) - 1):
        x = left + (i + 1) * width + i * gap
        arrow((round(x) + 1, y + height / 2), (round(x + gap) - 3, y + height / 2))


def modules(y):
    text(30, y, "Modules: each may include only what lies below it", 15, "600", anchor="start")
    for x, fill, words in ((610, CORE, "nest_core"), (712, TORCH, "nest_torch (LibTorch)"), (884, APP, "program")):
        parts.append(f'<rect x="{x}" y="{y - 11}" width="13" height="13" rx="3" fill="{fill}" stroke="{LINE}"/>')
        text(x + 19, y, words, 12, fill=SOFT, anchor="start")
    row(y + 16, 44, [("nest", ["one file a verb"], APP), ("nest-torch", ["started for train and --executor torch"], APP)])
    row(y + 70, 62, [("synth", ["generated EEG"], CORE), ("stream", ["sources, pipeline"], CORE),
                     ("eval", ["metrics, audit, report"], CORE), ("profile", ["side-by-side timing"], CORE),
                     ("train", ["losses, trainer"], TORCH)])
    row(y + 142, 62, [("data", ["datasets, importers"], CORE), ("decode", ["beams, language models"], CORE),
                      ("runtime", ["plan, kernels, sessions"], CORE), ("deploy", ["model files"], CORE),
                      ("nn", ["graph on LibTorch"], TORCH)])
    row(y + 214, 62, [("signal", ["filters, windows"], CORE), ("io", ["EEG and weights formats"], CORE),
                      ("text", ["tokenizers, scores"], CORE), ("graph", ["nodes, shapes, factory, contract"], CORE)])
    row(y + 286, 36, [("core", [], CORE)])
    return y + 322


def model_road(y):
    text(30, y, "The road of a model (offline)", 15, "600", anchor="start")
    top = y + 16
    box(30, top, 150, 58, "recordings", ["EDF, BrainVision, …"])
    box(30, top + 78, 150, 58, "checkpoint", [".pt, safetensors"])
    box(220, top, 150, 58, "train", ["LibTorch, autograd"], TORCH)
    box(220, top + 78, 150, 58, "graph", ["typed nodes + weights"], CORE)
    box(420, top, 200, 58, "torch executor", ["CPU or GPU, fp32 … bf16"], TORCH)
    box(420, top + 78, 200, 58, "native runtime", ["fp32, bf16, fp16, int8, int4"], CORE)
    box(670, top + 39, 120, 58, "Recognizer", ["encode, decode"], CORE)
    box(840, top + 39, 110, 58, "results", ["audit, report"], CORE)
    arrow((181, top + 29), (217, top + 29))
    arrow((181, top + 107), (217, top + 107))
    arrow((295, top + 59), (295, top + 75))
    arrow((371, top + 97), (395, top + 97), (395, top + 29), (417, top + 29))
    arrow((371, top + 107), (417, top + 107))
    arrow((621, top + 29), (645, top + 29), (645, top + 62), (667, top + 62))
    arrow((621, top + 107), (645, top + 107), (645, top + 74), (667, top + 74))
    arrow((791, top + 68), (837, top + 68))
    return top + 136


def sample_road(y):
    text(30, y, "The road of a sample (streaming): one thread, no allocation after warm-up", 15, "600", anchor="start")
    chain(y + 16, [("source", ["file, TCP, LSL"], CORE), ("contract", ["rate, channels"], CORE),
                   ("filters", ["causal, stateful"], CORE), ("window", ["circular buffer"], CORE),
                   ("runtime", ["encoder session"], CORE), ("decoder", ["committed prefix"], CORE), ("text", ["with its latency"], PLAIN)])
    return y + 74


bottom = sample_road(model_road(modules(44) + 42) + 42)
height = bottom + 24
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
      'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" role="img" '
      'aria-label="Modules of NEST and its two roads">')
print(f'<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{SOFT}"/></marker></defs>')
print(f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="10" fill="{PANEL}" stroke="{LINE}"/>')
print("\n".join(parts))
print("</svg>")
