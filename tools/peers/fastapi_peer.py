#!/usr/bin/env python3
"""/v2/models/NAME/infer of a package as people serve it in Python: FastAPI, uvicorn, ONNX Runtime. For serve_throughput.py.

    fastapi_peer.py PACKAGE PORT onnx|scipy|none     how the signal is filtered: by the package's preprocessing.onnx, by
                                                     SciPy (band-pass and notch, nothing else), or not at all

Binary tensors in, JSON out. Greedy decoding is that of the package's own deploy.py.
"""
import json
import pathlib
import sys

import fastapi
import numpy
import onnxruntime
import uvicorn

PACKAGE, PORT, FILTERS = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
sys.path.insert(0, str(PACKAGE))
import deploy  # noqa: E402  the package's

model = deploy.Model(PACKAGE)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
model.graphs["model"].session = onnxruntime.InferenceSession(
    str(PACKAGE / model.manifest["onnx"]["graphs"]["model"]), options, providers=["CPUExecutionProvider"])
app = fastapi.FastAPI()
contract = model.contract
if FILTERS == "scipy":
    import scipy.signal
    bands = [scipy.signal.butter(contract["bandpass_order"], contract["bandpass_hz"], "bandpass", fs=contract["rate_hz"], output="sos")]
    if contract["notch_hz"]:
        notch = scipy.signal.iirnotch(contract["notch_hz"], contract["notch_q"], fs=contract["rate_hz"])
        bands.append(scipy.signal.tf2sos(*notch))
    sections = numpy.concatenate(bands)


def filtered(signal):
    if FILTERS == "onnx":
        return model.prepare(signal[0])
    return scipy.signal.sosfilt(sections, signal).astype(numpy.float32) if FILTERS == "scipy" else signal


@app.get("/v2/health/ready")
def ready():
    return {"ready": True}


@app.post(f"/v2/models/{model.manifest['name']}/infer")
async def infer(request: fastapi.Request):
    body = await request.body()
    length = int(request.headers["inference-header-content-length"])
    given = json.loads(body[:length])["inputs"][0]
    signal = numpy.frombuffer(body[length:], numpy.float32).reshape(given["shape"])
    frames = model.emissions(filtered(signal))
    text = model.text(model.tokens(frames))
    return {"model_name": model.manifest["name"], "outputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [text]}]}


uvicorn.run(app, port=PORT, log_level="warning", access_log=False)
