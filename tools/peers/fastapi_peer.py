#!/usr/bin/env python3
"""/v2/models/NAME/infer of a package as people serve it in Python: FastAPI, uvicorn, ONNX Runtime. For serve_throughput.py.

    fastapi_peer.py PACKAGE PORT onnx|scipy|none     how the signal is filtered: python_model.py

Binary tensors in, JSON out.
"""
import json
import sys

import fastapi
import numpy
import python_model
import uvicorn

model = python_model.PythonModel(sys.argv[1], sys.argv[3])
app = fastapi.FastAPI()


@app.get("/v2/health/ready")
def ready():
    return {"ready": True}


@app.post(f"/v2/models/{model.name}/infer")
async def infer(request: fastapi.Request):
    body = await request.body()
    length = int(request.headers["inference-header-content-length"])
    given = json.loads(body[:length])["inputs"][0]
    signal = numpy.frombuffer(body[length:], numpy.float32).reshape(given["shape"])
    return {"model_name": model.name, "outputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": [model.text(signal)]}]}


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
