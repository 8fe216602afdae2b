#!/usr/bin/env python3
"""Golden vectors for the torch executor, computed with PyTorch's own modules.

Run with Debian's python3-torch: python3 generate.py > golden.json
Each case is a node of tests/nn/node_cases.h by name: weights in the order of graph/op.h, inputs by
port, outputs in order. Batch 2, 9 frames.
"""
import json
import sys

import torch
from torch import nn

B, T = 2, 9
torch.manual_seed(11)
CASES = {}


def record(name, weights, inputs, outputs):
    def tensor(x):
        return {"shape": list(x.shape), "values": [float(f"{v:.9g}") for v in x.flatten().tolist()]}

    CASES[name] = {
        "weights": [tensor(w) for w in weights],
        "inputs": {k: tensor(v) for k, v in inputs.items()},
        "outputs": [tensor(y) for y in outputs],
    }


def randomized(module):
    for p in module.parameters():
        p.data.normal_(0, 0.5)
    return module.eval()


def simple(name, module, x):
    randomized(module)
    record(name, list(module.parameters()), {"x": x}, [module(x)])


with torch.no_grad():
    simple("conv1d", nn.Conv1d(2, 3, 3, padding=1), torch.randn(B, 2, T))
    causal = randomized(nn.Conv1d(2, 4, 3, stride=2, dilation=2, groups=2, bias=False))
    x = torch.randn(B, 2, T)
    record("conv1d_causal_strided", list(causal.parameters()), {"x": x},
           [causal(nn.functional.pad(x, (4, 0)))])
    temporal = randomized(nn.Conv2d(1, 3, (1, 5), bias=False))
    x = torch.randn(B, 1, 2, T)
    record("conv2d_temporal", list(temporal.parameters()), {"x": x},
           [temporal(nn.functional.pad(x, (2, 3)))])
    simple("conv2d_spatial", nn.Conv2d(2, 4, (3, 1), groups=2), torch.randn(B, 2, 3, T))
    norm = randomized(nn.BatchNorm1d(2))
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    x = torch.randn(B, 2, T)
    record("batch_norm", [norm.weight, norm.bias, norm.running_mean, norm.running_var], {"x": x},
           [norm(x)])
    x = torch.randn(B, 2, T)
    record("pool_mean", [], {"x": x}, [nn.functional.avg_pool1d(x, 3, 2)])
    record("pool_max", [], {"x": x}, [nn.functional.max_pool1d(x, 2, 2)])
    x = torch.randn(B, T, 4)
    record("glu", [], {"x": x}, [nn.functional.glu(x, -1)])
    simple("linear", nn.Linear(3, 2), torch.randn(B, T, 3))
    simple("layer_norm", nn.LayerNorm(4), torch.randn(B, T, 4))
    lstm = randomized(nn.LSTM(2, 3, 2, bidirectional=True, batch_first=True))
    x, h, c = torch.randn(B, T, 2), torch.randn(4, B, 3), torch.randn(4, B, 3)
    y, (hn, cn) = lstm(x, (h, c))
    record("lstm", list(lstm.parameters()), {"x": x, "h": h, "c": c}, [y, hn, cn])
    gru = randomized(nn.GRU(2, 3, 2, bidirectional=True, batch_first=True))
    y, hn = gru(x, h)
    record("gru", list(gru.parameters()), {"x": x, "h": h}, [y, hn])
    attention = nn.MultiheadAttention(4, 2, batch_first=True).eval()
    attention.in_proj_weight.copy_(torch.eye(4).repeat(3, 1))
    attention.out_proj.weight.copy_(torch.eye(4))
    q, k, v = (torch.randn(B, T, 4) for _ in range(3))
    y, w = attention(q, k, v, average_attn_weights=False)
    record("attention", [], {"q": q, "k": k, "v": v}, [y, w])
    x = torch.randn(B, T, 3)
    record("log_softmax", [], {"x": x}, [torch.log_softmax(x, -1)])
    for name in ["elu", "relu", "gelu", "silu", "tanh", "sigmoid"]:
        f = getattr(nn.functional, name, None) or getattr(torch, name)
        f = getattr(torch, name) if name in ("tanh", "sigmoid") else f
        record("activate_" + name, [], {"x": x}, [f(x)])

json.dump({"generator": "tests/golden/nn/generate.py", "torch": torch.__version__,
           "cases": CASES}, sys.stdout, indent=None, separators=(",", ":"))
print()
