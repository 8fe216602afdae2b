#!/usr/bin/env python3
"""Runs exported ONNX files in ONNX Runtime and compares with what the native runtime gave.

    ort_check.py FOLDER      each FOLDER/<case>/ has model.onnx, case.json {"tolerance": …, "relative": …, "runs": …} and
                             for every run in_<input>.npy and out_<output>.npy in FOLDER/<case>/<run>/;
                             with "in_every_scan": an operator that each Scan of the optimised model must have
    ort_check.py             says whether what it needs is installed (exit code 3: no)

Every file passes onnx.checker (full, with shape inference in strict mode). A run named "…+state" takes states
from the outputs <name>_out of the run before. Exit code 1 lists every difference.

With NEST_ORT_PEER="node tools/peers/ort_peer.cjs" the files run in that program's ONNX Runtime in place of Python's
(tools/peers/README.md); those of an operator set that is newer than it are left out and counted.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    print(missing)
    sys.exit(3)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from case_runs import differences  # noqa: E402


NEWEST_OPSET = {"1.30": 26}  # of releases that read less than what is written


class Session:
    """A model in Python's ONNX Runtime."""

    def __init__(self, path, optimised=None):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        if optimised:
            options.optimized_model_filepath = str(optimised)
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]

    def run(self, inputs):
        return dict(zip(self.names, self.session.run(None, inputs)))


class Peer:
    """Another program's ONNX Runtime."""

    def __init__(self, command):
        self.process = subprocess.Popen(command.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version = json.loads(self.process.stdout.readline())["version"]
        self.folder = tempfile.TemporaryDirectory()

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def reads(self, path):
        newest = NEWEST_OPSET.get(".".join(self.version.split(".")[:2]))
        return newest is None or onnx.load(str(path)).opset_import[0].version <= newest


class PeerSession:
    def __init__(self, peer, path):
        self.peer, self.path = peer, str(path)

    def run(self, inputs):
        described = {}
        for name, value in inputs.items():
            file = pathlib.Path(self.peer.folder.name) / f"in_{len(described)}.raw"
            file.write_bytes(numpy.ascontiguousarray(value).tobytes())
            described[name] = {"file": str(file), "dtype": value.dtype.name, "shape": list(value.shape)}
        self.peer.ask({"open": self.path, "threads": 1, "inputs": described, "steps": 1, "feeds": {}})
        outputs = self.peer.ask({"outputs": self.peer.folder.name})["outputs"]
        return {name: numpy.fromfile(output["file"], output["dtype"]).reshape(output["shape"])
                for name, output in outputs.items()}


PEER = Peer(os.environ["NEST_ORT_PEER"]) if len(sys.argv) > 1 and "NEST_ORT_PEER" in os.environ else None


def unfused(case, operator):
    """Scans of what ONNX Runtime made of the model that lack the operator."""
    optimised = case / "optimised.onnx"
    Session(case / "model.onnx", optimised)
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
        session = PeerSession(PEER, path) if PEER else Session(path)
    except Exception as error:
        yield f"{case.name}: {error}"
        return
    if "in_every_scan" in description and not PEER:
        yield from unfused(case, description["in_every_scan"])
    state = {}
    for run in description["runs"]:
        yield from differences(case, run, session.run, state, description)


def main():
    if len(sys.argv) == 1:
        return 0
    cases = sorted(p.parent for p in pathlib.Path(sys.argv[1]).glob("*/case.json"))
    newer = [case for case in cases if PEER and not PEER.reads(case / "model.onnx")]
    cases = [case for case in cases if case not in newer]
    problems = [problem for case in cases for problem in check(case)]
    version = PEER.version if PEER else onnxruntime.__version__
    print("\n".join([*problems, f"{len(cases)} cases, {len(problems)} problems, {len(newer)} files newer than this; "
                     f"ONNX Runtime {version}"]))
    return 1 if problems or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
