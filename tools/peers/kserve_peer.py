#!/usr/bin/env python3
"""A package in KServe's own Python server (kserve.ModelServer, uvicorn) with ONNX Runtime. For serve_throughput.py.

    kserve_peer.py PACKAGE PORT onnx|scipy|none      how the signal is filtered: python_model.py
"""
import logging
import sys
import uuid

import kserve
import python_model


class Served(kserve.Model):
    def __init__(self, model):
        super().__init__(model.name)
        self.model = model
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        text = self.model.text(payload.inputs[0].as_numpy())
        output = kserve.InferOutput(name="text", shape=[1], datatype="BYTES", data=[text])
        return kserve.InferResponse(response_id=payload.id or str(uuid.uuid4()), model_name=self.name, infer_outputs=[output])


logging.disable(logging.INFO)  # a line a request otherwise
served = Served(python_model.PythonModel(sys.argv[1], sys.argv[3]))
kserve.ModelServer(http_port=int(sys.argv[2]), enable_grpc=False, enable_latency_logging=False, access_log_format=None).start([served])
