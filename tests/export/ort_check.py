#!/usr/bin/env python3
"""Runs exported ONNX files in ONNX Runtime and compares with what the native runtime gave.

    ort_check.py FOLDER      each FOLDER/<case>/ has model.onnx, case.json {"tolerance": …, "relative": …, "runs": …} and
                             for every run in_<input>.npy and out_<output>.npy in FOLDER/<case>/<run>/;
                             with "in_every_scan": an operator that each Scan of the optimised model must have
    ort_check.py             says whether what it needs is installed (exit code 3: no)

Every file passes onnx.checker (full, with shape inference in strict mode). A run named "…+state" takes states
from the outputs <name>_out of the run before. Exit code 1 lists every difference.
"""
import json
import pathlib
import sys

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    print(missing)
    sys.exit(3)


def session_of(path, optimised=None):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if optimised:
        options.optimized_model_filepath = str(optimised)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def differences(case, run, session, state, description):
    """What is wrong with one run; `state` is carried on."""
    inputs = {p.stem[len("in_"):]: numpy.load(p) for p in sorted((case / run).glob("in_*.npy"))}
    if run.endswith("+state"):
        inputs.update(state)
    names = [output.name for output in session.get_outputs()]
    try:
        outputs = dict(zip(names, session.run(None, inputs)))
    except Exception as error:  # whatever ONNX Runtime raises is a finding
        yield f"{case.name}/{run}: {error}"
        return
    state.update({name[:-len("_out")]: value for name, value in outputs.items() if name.endswith("_out")})
    for path in sorted((case / run).glob("out_*.npy")):
        name, wanted = path.stem[len("out_"):], numpy.load(path)
        if name not in outputs:
            yield f"{case.name}/{run}: no output {name}, there are {', '.join(names)}"
            continue
        got = outputs[name]
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            yield f"{case.name}/{run}: {name} is {got.dtype} {got.shape}, not {wanted.dtype} {wanted.shape}"
        elif wanted.size:
            error = numpy.abs(got.astype(float) - wanted.astype(float)).max()
            tolerance = description["tolerance"] + description["relative"] * numpy.abs(wanted.astype(float)).max()
            if not error <= tolerance:
                yield f"{case.name}/{run}: {name} differs by {error:.3g}, more than {tolerance:.3g}"


def unfused(case, operator):
    """Scans of what ONNX Runtime made of the model that lack the operator."""
    optimised = case / "optimised.onnx"
    session_of(case / "model.onnx", optimised)
    scans = [node for node in onnx.load(str(optimised)).graph.node if node.op_type == "Scan"]
    if not scans:
        yield f"{case.name}: has no Scan"
    for scan in scans:
        kinds = [node.op_type for attribute in scan.attribute if attribute.name == "body" for node in attribute.g.node]
        if operator not in kinds:
            yield f"{case.name}: Scan {scan.name} has no {operator}, but {', '.join(kinds)}"


def check(case):
    description = json.loads((case / "case.json").read_text())
    path = case / "model.onnx"
    try:
        onnx.checker.check_model(str(path), full_check=True)
        onnx.shape_inference.infer_shapes(onnx.load(str(path)), check_type=True, strict_mode=True, data_prop=True)
        session = session_of(path)
    except Exception as error:
        yield f"{case.name}: {error}"
        return
    if "in_every_scan" in description:
        yield from unfused(case, description["in_every_scan"])
    state = {}
    for run in description["runs"]:
        yield from differences(case, run, session, state, description)


def main():
    if len(sys.argv) == 1:
        return 0
    cases = sorted(p.parent for p in pathlib.Path(sys.argv[1]).glob("*/case.json"))
    problems = [problem for case in cases for problem in check(case)]
    print("\n".join([*problems, f"{len(cases)} cases, {len(problems)} problems; ONNX Runtime {onnxruntime.__version__}"]))
    return 1 if problems or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
