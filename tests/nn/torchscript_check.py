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
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from case_runs import differences  # noqa: E402


def caller(module, ports):
    """The module as a function of arrays by name, in the order of its ports."""
    def call(inputs):
        with torch.no_grad():
            outputs = module(*(torch.from_numpy(inputs[port["name"]]) for port in ports["inputs"]))
        outputs = [outputs] if isinstance(outputs, torch.Tensor) else outputs
        return {port["name"]: output.numpy() for port, output in zip(ports["outputs"], outputs)}
    return call


def check(case):
    description = json.loads((case / "case.json").read_text())
    files = {"nest.json": ""}
    try:
        module = torch.jit.load(str(case / "model.ts"), _extra_files=files)
    except Exception as error:
        yield f"{case.name}: {error}"
        return
    call, state = caller(module, json.loads(files["nest.json"])), {}
    for run in description["runs"]:
        yield from differences(case, run, call, state, description)


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
