#!/usr/bin/env python3
"""Runs TorchScript files in PyTorch and compares with what the native runtime gave.

    torchscript_check.py FOLDER   each FOLDER/<case>/ has model.ts, case.json {"tolerance": …, "relative": …, "runs": …}
                                  and for every run in_<input>.npy and out_<output>.npy in FOLDER/<case>/<run>/
    torchscript_check.py          says whether PyTorch is installed (exit code 3: no)

Names and order of inputs and outputs are those of the file's own nest.json. A run named "…+state" takes states from
the outputs <name>_out of the run before. Exit code 1 lists every difference.
"""
import json
import pathlib
import sys
import warnings

try:
    import numpy
    import torch
except ImportError as missing:
    print(missing)
    sys.exit(3)


def differences(case, run, module, ports, state, description):
    """What is wrong with one run; `state` is carried on."""
    inputs = {p.stem[len("in_"):]: torch.from_numpy(numpy.load(p)) for p in sorted((case / run).glob("in_*.npy"))}
    if run.endswith("+state"):
        inputs.update(state)
    try:
        with torch.no_grad():
            outputs = module(*(inputs[port["name"]] for port in ports["inputs"]))
    except Exception as error:  # whatever PyTorch raises is a finding
        yield f"{case.name}/{run}: {error}"
        return
    outputs = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    outputs = dict(zip((port["name"] for port in ports["outputs"]), outputs))
    state.update({name[:-len("_out")]: value for name, value in outputs.items() if name.endswith("_out")})
    for path in sorted((case / run).glob("out_*.npy")):
        name, wanted = path.stem[len("out_"):], numpy.load(path)
        got = outputs[name].numpy()
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            yield f"{case.name}/{run}: {name} is {got.dtype} {got.shape}, not {wanted.dtype} {wanted.shape}"
        elif wanted.size:
            error = numpy.abs(got.astype(float) - wanted.astype(float)).max()
            tolerance = description["tolerance"] + description["relative"] * numpy.abs(wanted.astype(float)).max()
            if not error <= tolerance:
                yield f"{case.name}/{run}: {name} differs by {error:.3g}, more than {tolerance:.3g}"


def check(case):
    description = json.loads((case / "case.json").read_text())
    files = {"nest.json": ""}
    try:
        module = torch.jit.load(str(case / "model.ts"), _extra_files=files)
    except Exception as error:
        yield f"{case.name}: {error}"
        return
    state = {}
    for run in description["runs"]:
        yield from differences(case, run, module, json.loads(files["nest.json"]), state, description)


def main():
    if len(sys.argv) == 1:
        return 0
    warnings.simplefilter("ignore")  # TorchScript is deprecated
    torch.set_num_threads(1)
    cases = sorted(p.parent for p in pathlib.Path(sys.argv[1]).glob("*/case.json"))
    problems = [problem for case in cases for problem in check(case)]
    print("\n".join([*problems, f"{len(cases)} cases, {len(problems)} problems; PyTorch {torch.__version__}"]))
    return 1 if problems or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
