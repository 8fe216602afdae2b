#!/usr/bin/env python3
"""Asks a real Triton and a nest serve the same 43 things, most of them wrong; exit code 1 where a status differs that should not.

    triton_errors.py TRITON NEST      two addresses, http://127.0.0.1:18500; both serve a model "load" of 32 channels

PyPI's nvidia-pytriton has a Triton: pytriton/tritonserver/bin/tritonserver with --backend-directory a copy of its backends/ that has
python_backend_stubs/3.11/triton_python_backend_stub beside backends/python, and a repository with this model:

    config.pbtxt: name: "load" backend: "python" max_batch_size: 8
                  input [ { name: "signal" data_type: TYPE_FP32 dims: [ 32, -1 ] } ]
                  output [ { name: "text" data_type: TYPE_STRING dims: [ 1 ] }, { name: "confidence" data_type: TYPE_FP32 dims: [ 1 ] } ]
    1/model.py:   any TritonPythonModel that answers with both
"""
import json
import sys
import urllib.error
import urllib.request

ROWS = [[0.0] * 64] * 32
INFER = "/v2/models/load/infer"
# Triton calls a request that it cannot read an error of its own; here it is the client's (400).
UNREADABLE = {"no json", "list", "no inputs", "no name", "no shape", "negative shape", "too few values", "too many values", "text as data",
              "no datatype", "output without name", "id is a number"}
# Triton takes an empty body as one raw input, only the datatype it was configured with, and loads nothing unless it was told to.
OTHER = {"empty body", "other number type", "load unknown"}


def given(**changes):
    """The one input of a request; None takes a key away."""
    whole = {"name": "signal", "shape": [1, 32, 64], "datatype": "FP32", "data": [ROWS]} | changes
    return {key: value for key, value in whole.items() if value is not None}


def body(*inputs, **more):
    return json.dumps({"inputs": list(inputs)} | more).encode()


def cases():
    for name, path in (("live", "health/live"), ("ready", "health/ready"), ("server", ""), ("metadata", "models/load"), ("unknown model", "models/none"),
                       ("unknown ready", "models/none/ready"), ("model ready", "models/load/ready"), ("unknown version", "models/load/versions/9"),
                       ("config", "models/load/config"), ("unknown config", "models/none/config"), ("unknown statistics", "models/none/stats"),
                       ("unknown route", "nothing"), ("infer by GET", "models/load/infer")):
        yield name, "GET", ("/v2/" + path).rstrip("/"), None, {}
    for name, path, content in (("metadata by POST", "models/load", b"{}"), ("unknown infer", "models/none/infer", body(given())),
                                ("index", "repository/index", b"{}"), ("load unknown", "repository/models/none/load", b"{}")):
        yield name, "POST", "/v2/" + path, content, {}
    sized = body(given(data=None, parameters={"binary_data_size": 12}))
    for name, content, headers in (("binary size", sized, len(sized)), ("header too long", body(given()), 999999), ("header is a text", body(given()), "abc")):
        yield name, "POST", INFER, content, {"Inference-Header-Content-Length": str(headers)}
    for name, content in {
        "good": body(given()), "no json": b"nonsense", "empty body": b"", "list": b"[]", "no inputs": b"{}", "no input": body(),
        "two inputs": body(given(), given()), "wrong name": body(given(name="x")), "no name": body(given(name=None)), "no shape": body(given(shape=None)),
        "negative shape": body(given(shape=[1, -32, 64])), "wrong rows": body(given(shape=[1, 2, 3], data=[1] * 6)), "too few values": body(given(data=[1, 2])),
        "too many values": body(given(data=[0.0] * 3000)), "no data": body(given(data=None)), "text as data": body(given(data=["a"] * 2048)),
        "a text type": body(given(datatype="BYTES", data=["a"] * 2048)), "unknown type": body(given(datatype="FP99")), "no datatype": body(given(datatype=None)),
        "other number type": body(given(datatype="INT32", data=[0] * 2048)), "unknown output": body(given(), outputs=[{"name": "none"}]),
        "output without name": body(given(), outputs=[{}]), "id is a number": body(given(), id=7),
    }.items():
        yield name, "POST", INFER, content, {}


def ask(base, method, path, content, headers):
    typed = {"Content-Type": "application/json"} if content is not None else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(base + path, content, typed | headers, method=method), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


faults, same, count = [], 0, 0
for name, *request in cases():
    count += 1
    (theirs, their_text), (ours, our_text) = ask(sys.argv[1], *request), ask(sys.argv[2], *request)
    same += theirs == ours
    wanted = (theirs, ours) == (500, 400) if name in UNREADABLE else theirs == ours or name in OTHER
    if not wanted:
        faults.append(name)
    if ours >= 400 and not isinstance(json.loads(our_text).get("error"), str):
        faults.append(f"{name}: no error text")
    print(f"{name:20} Triton {theirs}, nest {ours}\n    {their_text[:150]}\n    {our_text[:150]}")
print(f"{same} of {count} statuses are equal, {len(UNREADABLE)} are 500 there and 400 here, {len(OTHER)} differ for other reasons")
if faults:
    sys.exit("faults: " + ", ".join(faults))
