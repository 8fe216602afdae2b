#!/usr/bin/env python3
"""What torchinfo and fvcore count of a NEST model, beside what `nest profile` counts.

    nest bench --suite configs/bench.yaml --save-models DIR
    python3 tools/peers/count_layers.py NEST DIR/bilstm.safetensors … [--length 500]

The PyTorch twins are those of make_onnx.py. Prints a Markdown table of MACs by kind of layer; exit code 1 if one of
these differs: parameters (torchinfo), output shapes (torchinfo), MACs of convolutions, linear layers and attention
(fvcore), MACs of recurrent layers (torchinfo, less their biases, which it multiplies by the frames). Needs torch,
torchinfo and fvcore.
"""
import argparse
import json
import logging
import subprocess
import sys
import warnings

import torch
import torchinfo
from fvcore.nn import FlopCountAnalysis

import make_onnx

# fvcore's operators by our kinds; others (norms) it counts in operations, not in MACs.
OPERATORS = {"products": ("conv", "linear", "addmm"), "attention": ("matmul", "bmm", "einsum")}
KINDS = {"conv": "products", "linear": "products", "attention": "attention", "additive_attention": "attention",
         "lstm": "recurrent", "gru": "recurrent"}


def ours(nest, path, graph, length):
    command = [nest, "profile", "--model", path, "--graph", graph, "--length", str(length), "--no-timing", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def by_kind(profile):
    sums = {"products": 0, "attention": 0, "recurrent": 0}
    for layer in profile["layers"]:
        if layer["kind"] in KINDS:
            sums[KINDS[layer["kind"]]] += layer["macs"]
    return sums


def by_fvcore(module, inputs):
    analysis = FlopCountAnalysis(module, inputs)
    analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    counted = analysis.by_operator()
    sums = {kind: sum(counted.get(name, 0) for name in names) for kind, names in OPERATORS.items()}
    return sums | {"recurrent": sum(counted.get(name, 0) for name in ("lstm", "gru"))}


def by_torchinfo(module, inputs):
    """Sums of its multiply-adds by kind, its parameters, and the output shapes by module name."""
    summary = torchinfo.summary(module, input_data=list(inputs), verbose=0, col_names=("output_size", "mult_adds"))
    names = {id(child): name for name, child in module.named_modules()}
    sums, shapes = {"products": 0, "attention": 0, "recurrent": 0}, {}
    for layer in summary.summary_list:
        if not layer.is_leaf_layer or not layer.executed:
            continue
        kind = layer.class_name
        if kind in ("LSTM", "GRU"):
            sums["recurrent"] += layer.macs
        elif kind == "Linear" or kind.startswith("Conv"):
            sums["products"] += layer.macs
        shapes[names.get(layer.layer_id)] = layer.output_size
    return sums, summary.total_params, shapes


def wrong_shapes(profile, shapes):
    """Leaf modules whose output is shaped otherwise, but for axes of length one and the order of a permuted one."""
    for layer in profile["layers"]:
        theirs = shapes.get(layer["name"])
        if theirs and sorted(n for n in theirs if n > 1) != sorted(n for n in layer["output_shapes"][0] if n > 1):
            yield f"{layer['name']}: {layer['output_shapes'][0]}, torchinfo {theirs}"


def recurrent_biases(profile, module):
    """Elements of the biases of recurrent layers times their frames."""
    frames = {layer["name"]: layer["output_shapes"][0][1] for layer in profile["layers"]
              if KINDS.get(layer["kind"]) == "recurrent"}
    count = sum(p.numel() for child in module.modules() if isinstance(child, torch.nn.RNNBase)
                for name, p in child.named_parameters() if name.startswith("bias"))
    return count * sum(frames.values())


def compare(nest, path, graph, length):
    state, config = make_onnx.read_safetensors(path)
    module = make_onnx.build(graph, state, config)
    inputs = make_onnx.example_inputs(module, graph, config, 1, length)
    profile = ours(nest, path, graph, length)
    counted, fvcore = by_kind(profile), by_fvcore(module, inputs)
    torchinfo_macs, parameters, shapes = by_torchinfo(module, inputs)
    problems = list(wrong_shapes(profile, shapes))
    ours_parameters = sum(layer["parameters"] for layer in profile["layers"])
    if parameters != ours_parameters:
        problems.append(f"parameters {ours_parameters}, torchinfo {parameters}")
    # The score of additive attention is a linear layer to PyTorch.
    if counted["products"] + counted["attention"] != fvcore["products"] + fvcore["attention"]:
        problems.append(f"MACs {counted}, fvcore {fvcore}")
    if counted["recurrent"] != torchinfo_macs["recurrent"] - recurrent_biases(profile, module):
        problems.append(f"recurrent: {counted['recurrent']} MACs, torchinfo {torchinfo_macs['recurrent']}")
    rows = [f"| {path.rsplit('/', 1)[-1].rsplit('.', 1)[0]} | {ours_parameters:,} | {parameters:,} | {kind} | "
            f"{counted[kind]:,} | {fvcore[kind]:,} | {torchinfo_macs[kind]:,} |"
            for kind in counted if counted[kind]]
    return rows, [f"{path}: {problem}" for problem in problems]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nest", help="the command")
    parser.add_argument("models", nargs="+", help=".safetensors of nest")
    parser.add_argument("--graph", default="encoder", choices=["encoder", "block", "decoder_step"])
    parser.add_argument("--length", type=int, default=500)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print("| model | parameters | torchinfo | layers | MACs | fvcore | torchinfo |\n|---|---|---|---|---|---|---|")
    problems = []
    for path in options.models:
        rows, wrong = compare(options.nest, path, options.graph, options.length)
        print("\n".join(rows))
        problems += wrong
    sys.stderr.writelines(problem + "\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
