#!/usr/bin/env python3
"""ONNX Runtime as a peer of `nest bench`, for machines without Node: see README.md beside this file.

    python3 tools/peers/ort_peer.py       (needs `pip install onnxruntime numpy`)
"""
import json
import os
import platform
import sys
import time

import numpy
import onnxruntime


class Job:
    def __init__(self, request):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = request["threads"]
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(request["open"], options, providers=["CPUExecutionProvider"])
        self.names = [output.name for output in self.session.get_outputs()]
        self.inputs = {name: numpy.fromfile(entry["file"], entry["dtype"]).reshape(entry["shape"])
                       for name, entry in request["inputs"].items()}
        self.steps, self.feeds, self.argmax = request["steps"], request["feeds"], request.get("argmax")

    def once(self):
        """The graph once, or `steps` times with states fed back and the best token fed on."""
        feeds = self.inputs
        for step in range(self.steps):
            outputs = dict(zip(self.names, self.session.run(None, feeds)))
            if step + 1 < self.steps:
                feeds = {**feeds, **{to: outputs[name] for name, to in self.feeds.items()}}
                if self.argmax:
                    name, to = self.argmax
                    feeds[to] = outputs[name].argmax(1).reshape(self.inputs[to].shape)
        return outputs

    def time(self, runs):
        ms = []
        for _ in range(runs):
            begin = time.perf_counter()
            self.once()
            ms.append((time.perf_counter() - begin) * 1e3)
        return ms

    def write_outputs(self, folder):
        described = {}
        for name, array in self.once().items():
            file = os.path.join(folder, name + ".raw")
            array.tofile(file)
            described[name] = {"file": file, "dtype": str(array.dtype), "shape": list(array.shape)}
        return described


def answer(request, state):
    if "open" in request:
        state["job"] = Job(request)
        return {"ok": True}
    if "run" in request:
        return {"ms": state["job"].time(request["run"])}
    if "outputs" in request:
        return {"outputs": state["job"].write_outputs(request["outputs"])}
    raise ValueError(f"unknown request: {request}")


def main():
    state = {}
    print(json.dumps({"peer": "onnxruntime", "version": onnxruntime.__version__,
                      "host": "python " + platform.python_version()}), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), state)
        except Exception as error:  # every failure goes to the caller, who prints it
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
