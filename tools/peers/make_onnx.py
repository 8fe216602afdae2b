#!/usr/bin/env python3
"""Writes a NEST model's encoder or decoder step as ONNX, through plain PyTorch modules.

    python3 tools/peers/make_onnx.py MODEL.safetensors --graph encoder --out encoder.onnx [--int8 encoder.int8.onnx]

The modules below are what a PyTorch user would write; they take their weights from the file by
state-dict name, so both programs run the same numbers. Needs torch (Debian: python3-torch) and, for --int8 (dynamic quantization by ONNX Runtime's own tool), onnx and onnxruntime.
"""
import argparse
import inspect
import json
import math
import struct
import sys

import torch
from torch import nn
from torch.nn import functional as F

OPSET = 17


def read_safetensors(path):
    """State dict and the model's constructor arguments."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        blob = bytearray(file.read())
    metadata = header.pop("__metadata__", {})
    if "model_config" not in metadata:
        sys.exit(f"{path}: no model_config in its metadata; write it with `nest bench --save-models` or `nest convert`")
    kinds = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, entry in header.items():
        if entry["dtype"] not in kinds:
            sys.exit(f"{path}: tensor {name} is {entry['dtype']}; only F32 and I64 are read")
        begin, end = entry["data_offsets"]
        state[name] = torch.frombuffer(blob[begin:end], dtype=kinds[entry["dtype"]]).reshape(entry["shape"])
    return state, json.loads(metadata["model_config"])


class EEGNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        f1, f2 = c.get("n_temporal_filters", 8), c["n_pointwise_filters"]
        self.kernel, mid = c.get("sampling_rate", 500) // 2, f1 * c.get("depth_multiplier", 2)
        self.block1_conv = nn.Conv2d(1, f1, (1, self.kernel), padding=(0, self.kernel // 2), bias=False)
        self.block1_bn = nn.BatchNorm2d(f1)
        self.block1_depthwise = nn.Conv2d(f1, mid, (c["n_channels"], 1), groups=f1, bias=False)
        self.block1_depthwise_bn = nn.BatchNorm2d(mid)
        self.block2_separable1 = nn.Conv2d(mid, mid, (1, 16), padding=(0, 8), groups=mid, bias=False)
        self.block2_separable2 = nn.Conv2d(mid, f2, 1, bias=False)
        self.block2_bn = nn.BatchNorm2d(f2)

    def forward(self, x):
        x = self.block1_bn(self.block1_conv(x.unsqueeze(1)))
        x = F.avg_pool2d(F.elu(self.block1_depthwise_bn(self.block1_depthwise(x))), (1, 4))
        x = self.block2_bn(self.block2_separable2(self.block2_separable1(x)))
        return F.avg_pool2d(F.elu(x), (1, 8)).squeeze(2)


class DeepConvNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        n = c["n_filters"]
        self.window = c.get("pool_size", 3)
        self.conv1 = nn.Conv2d(1, n, (c["n_channels"], 1))
        self.conv2, self.bn1 = nn.Conv2d(n, n, (1, 10)), nn.BatchNorm2d(n)
        self.conv3, self.bn2 = nn.Conv2d(n, 2 * n, (1, 10)), nn.BatchNorm2d(2 * n)
        self.conv4, self.bn3 = nn.Conv2d(2 * n, 4 * n, (1, 10)), nn.BatchNorm2d(4 * n)

    def forward(self, x):
        x = self.conv1(x.unsqueeze(1))
        for conv, norm in ((self.conv2, self.bn1), (self.conv3, self.bn2), (self.conv4, self.bn3)):
            x = F.max_pool2d(F.elu(norm(conv(x))), (1, self.window))
        return x.squeeze(2)


class Attention(nn.Module):
    """torch.nn.MultiheadAttention with its weight names, in operations ONNX has."""

    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * dim, dim))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * dim))
        self.out_proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (F.linear(x, w, a).view(b, t, self.heads, d // self.heads).transpose(1, 2)
                   for w, a in zip(self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)))
        weights = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(d // self.heads), -1)
        return self.out_proj((weights @ v).transpose(1, 2).reshape(b, t, d))


class TransformerLayer(nn.Module):
    def __init__(self, dim, heads, feedforward):
        super().__init__()
        self.self_attn = Attention(dim, heads)
        self.linear1, self.linear2 = nn.Linear(dim, feedforward), nn.Linear(feedforward, dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)

    def forward(self, x):
        x = self.norm1(x + self.self_attn(x))
        return self.norm2(x + self.linear2(F.relu(self.linear1(x))))


class Transformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.dim = c.get("d_model", 512)
        self.input_proj = nn.Linear(c["input_dim"], self.dim)
        self.pos_encoder = nn.Module()
        self.pos_encoder.register_buffer("pe", torch.empty(1, c.get("max_len", 5000), self.dim))
        self.transformer_encoder = nn.Module()
        self.transformer_encoder.layers = nn.ModuleList(
            TransformerLayer(self.dim, c["nhead"], c.get("dim_feedforward", 2048)) for _ in range(c["num_layers"]))

    def forward(self, x):
        x = self.input_proj(x) * math.sqrt(self.dim) + self.pos_encoder.pe[:, :x.shape[1]]
        for layer in self.transformer_encoder.layers:
            x = layer(x)
        return x


class FeedForward(nn.Module):
    def __init__(self, dim, inner):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.linear1, self.linear2 = nn.Linear(dim, inner), nn.Linear(inner, dim)

    def forward(self, x):
        return x + 0.5 * self.linear2(F.silu(self.linear1(self.norm(x))))


def pointwise(conv, x):
    """A convolution of one tap as the matrix product it is: ONNX Runtime is twice as fast with it."""
    return F.linear(x, conv.weight[:, :, 0], conv.bias)


class ConvolutionModule(nn.Module):
    def __init__(self, dim, kernel):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.pointwise_conv1 = nn.Conv1d(dim, 2 * dim, 1)
        self.depthwise_conv = nn.Conv1d(dim, dim, kernel, padding=(kernel - 1) // 2, groups=dim)
        self.batch_norm = nn.BatchNorm1d(dim)
        self.pointwise_conv2 = nn.Conv1d(dim, dim, 1)

    def forward(self, x):
        y = F.glu(pointwise(self.pointwise_conv1, self.norm(x))).transpose(1, 2)
        return x + pointwise(self.pointwise_conv2, F.silu(self.batch_norm(self.depthwise_conv(y))).transpose(1, 2))


class ConformerBlock(nn.Module):
    def __init__(self, dim, heads, inner, kernel):
        super().__init__()
        self.ff1, self.ff2 = FeedForward(dim, inner), FeedForward(dim, inner)
        self.mha_norm, self.mha = nn.LayerNorm(dim), Attention(dim, heads)
        self.conv, self.norm = ConvolutionModule(dim, kernel), nn.LayerNorm(dim)

    def forward(self, x):
        x = self.ff1(x)
        x = x + self.mha(self.mha_norm(x))
        return self.norm(self.ff2(self.conv(x)))


class Conformer(nn.Module):
    def __init__(self, c):
        super().__init__()
        dim = c.get("d_model", 512)
        self.input_proj = nn.Linear(c["input_dim"], dim)
        self.conformer_blocks = nn.ModuleList(
            ConformerBlock(dim, c["nhead"], c.get("dim_feedforward", 4 * dim), c.get("conv_kernel_size", 31))
            for _ in range(c["num_layers"]))

    def forward(self, x):
        x = self.input_proj(x)
        for block in self.conformer_blocks:
            x = block(x)
        return x


class Recurrent(nn.Module):
    def __init__(self, c):
        super().__init__()
        name, kind = ("lstm", nn.LSTM) if c["type"] == "LSTM" else ("gru", nn.GRU)
        setattr(self, name, kind(c["input_dim"], c["hidden_dim"], c["num_layers"], batch_first=True,
                                 bidirectional=c.get("bidirectional", True)))
        self.rnn = [getattr(self, name)]  # in a list: not a second name for the weights

    def forward(self, x):
        return self.rnn[0](x)[0]


FRONT_ENDS = {"EEGNet": EEGNet, "DeepConvNet": DeepConvNet}
ENCODERS = {"LSTM": Recurrent, "GRU": Recurrent, "Transformer": Transformer, "Conformer": Conformer}


def made(kinds, section):
    if section["type"] not in kinds:
        sys.exit(f"no PyTorch twin of '{section['type']}' here; there are: {', '.join(kinds)}")
    return kinds[section["type"]](section)


class Encoder(nn.Module):
    inputs, outputs = ["eeg_data"], ["encoder_output"]

    def __init__(self, config):
        super().__init__()
        self.spatial_cnn = made(FRONT_ENDS, config["spatial_cnn"])
        self.temporal_encoder = made(ENCODERS, config["temporal_encoder"])

    def forward(self, eeg_data):
        return self.temporal_encoder(self.spatial_cnn(eeg_data).transpose(1, 2))


class Block(nn.Module):
    """A front end alone."""

    inputs, outputs = ["x"], ["output"]

    def __init__(self, config):
        super().__init__()
        self.inner = made(FRONT_ENDS, config)

    def forward(self, x):
        return self.inner(x)


class DecoderStep(nn.Module):
    """One token of the attention decoder: additive attention over the memory, then the LSTM."""

    inputs = ["token", "encoder_output", "h", "c"]
    outputs = ["logits", "attention", "h_n", "c_n"]

    def __init__(self, config):
        super().__init__()
        c = config["decoder"]
        if c.get("attention_type", "additive") != "additive":
            sys.exit(f"no PyTorch twin of the {c['attention_type']} decoder here; only additive")
        hidden, memory = c["hidden_dim"], c["encoder_dim"]
        self.embedding = nn.Embedding(c["vocab_size"], c["embedding_dim"])
        self.attention = nn.Module()
        self.attention.query_proj = nn.Linear(hidden, hidden, bias=False)
        self.attention.key_proj = nn.Linear(memory, hidden, bias=False)
        self.attention.energy_proj = nn.Linear(hidden, 1, bias=False)
        self.rnn = nn.LSTM(c["embedding_dim"] + memory, hidden, c.get("num_layers", 2), batch_first=True)
        self.output_proj = nn.Linear(hidden + memory, c["vocab_size"])

    def forward(self, token, encoder_output, h, c):
        energy = torch.tanh(self.attention.query_proj(h[-1:].transpose(0, 1)) + self.attention.key_proj(encoder_output))
        weights = torch.softmax(self.attention.energy_proj(energy).transpose(1, 2), -1)
        context = weights @ encoder_output
        y, (h_n, c_n) = self.rnn(torch.cat([self.embedding(token), context], -1), (h, c))
        return self.output_proj(torch.cat([y, context], -1)).squeeze(1), weights.squeeze(1), h_n, c_n


def example_inputs(module, graph, config, batch, length):
    if graph == "encoder":
        return (torch.randn(batch, config["spatial_cnn"]["n_channels"], length),)
    if graph == "block":
        return (torch.randn(batch, config["n_channels"], length),)
    d = config["decoder"]
    state = torch.zeros(d.get("num_layers", 2), batch, d["hidden_dim"])
    return torch.full((batch, 1), 2), torch.randn(batch, length, d["encoder_dim"]), state, state


def build(graph, state, config):
    kinds = {"encoder": (Encoder, ""), "block": (Block, ""), "decoder_step": (DecoderStep, "decoder.")}
    kind, prefix = kinds[graph]
    module = kind(config)
    target = module.inner if graph == "block" else module
    parts = tuple(name + "." for name, _ in target.named_children())
    own = {name[len(prefix):]: value for name, value in state.items() if name.startswith(prefix)}
    target.load_state_dict({k: v for k, v in own.items() if graph == "block" or k.startswith(parts)}, strict=True)
    return module.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help=".safetensors of nest")
    parser.add_argument("--graph", default="encoder", choices=["encoder", "decoder_step", "block"])
    parser.add_argument("--out", required=True)
    parser.add_argument("--int8", help="also write ONNX Runtime's dynamically quantized model there")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--length", type=int, help="samples, or frames of the memory")
    options = parser.parse_args()
    state, config = read_safetensors(options.model)
    module = build(options.graph, state, config)
    length = options.length or (15 if options.graph == "decoder_step" else 500)
    inputs = example_inputs(module, options.graph, config, options.batch, length)
    # The exporter that traces; newer versions of PyTorch have another as their default.
    tracing = {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
    with torch.no_grad():
        torch.onnx.export(module, inputs, options.out, opset_version=OPSET, input_names=module.inputs,
                          output_names=module.outputs, **tracing)
    if options.int8:
        from onnxruntime.quantization import QuantType, quantize_dynamic
        # Not Conv: ConvInteger is slower than the fp32 convolution (EEGNet 20 ms instead of 8).
        quantize_dynamic(options.out, options.int8, weight_type=QuantType.QInt8, per_channel=True,
                         op_types_to_quantize=["MatMul", "Gemm", "LSTM", "Attention", "Gather"])


if __name__ == "__main__":
    main()
