#!/usr/bin/env python3
"""Exports small PyTorch models to ONNX, with inputs and what PyTorch makes of them.

    torch_models.py FOLDER   each FOLDER/<case>/ gets model.onnx and for two runs <run>/in_<input>.npy, <run>/out_y.npy
    torch_models.py          says whether what it needs is installed (exit code 3: no)

Each model is written by both exporters that PyTorch has: the one through TorchScript (operator sets 14 and 17) and the one
through torch.export (18). Weights are random; models are in evaluation mode.
"""
import pathlib
import sys
import warnings

try:
    import numpy
    import onnx
    import onnxscript  # noqa: F401
    import torch
except ImportError as missing:
    print(missing)
    sys.exit(3)
from torch import nn

warnings.filterwarnings("ignore")


class ConvNet(nn.Module):
    """Convolutions over electrodes and time, batch norm, pooling, as EEGNet."""

    def __init__(self):
        super().__init__()
        self.temporal = nn.Conv2d(1, 4, (1, 9), padding=(0, 4), bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.spatial = nn.Conv2d(4, 8, (5, 1), groups=4, bias=False)
        self.norm2 = nn.BatchNorm2d(8)
        self.pool = nn.AvgPool2d((1, 4))
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(8, 6)

    def forward(self, x):
        x = self.norm2(self.spatial(self.norm(self.temporal(x.unsqueeze(1)))))
        x = self.drop(self.pool(nn.functional.elu(x))).squeeze(2)
        return nn.functional.log_softmax(self.out(x.transpose(1, 2)), dim=-1)


class ConvStack(nn.Module):
    """One-dimensional convolutions: strided, dilated, causal by padding; max pooling."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(5, 8, 7, stride=2, padding=3)
        self.norm = nn.BatchNorm1d(8)
        self.second = nn.Conv1d(8, 8, 3, dilation=2)
        self.pool = nn.MaxPool1d(2, 2)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = self.second(nn.functional.pad(x, (4, 0)))
        return self.pool(torch.tanh(x)).transpose(1, 2)


class Recurrent(nn.Module):
    def __init__(self, kind, bidirectional, layers):
        super().__init__()
        self.rnn = kind(5, 7, num_layers=layers, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(14 if bidirectional else 7, 6)

    def forward(self, x):
        y, _ = self.rnn(x.transpose(1, 2))
        return self.out(y)


class Feed(nn.Module):
    """Linear layers and layer norm with each activation."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(5, 12), nn.Linear(12, 12), nn.Linear(6, 6)
        self.norm = nn.LayerNorm(12)

    def forward(self, x):
        x = nn.functional.gelu(self.a(x.transpose(1, 2)))
        x = x + 0.5 * nn.functional.silu(self.b(self.norm(x)))
        return torch.sigmoid(self.c(nn.functional.glu(x, dim=-1))) * 2 - torch.square(x[..., :6])


class Attend(nn.Module):
    """torch.nn.MultiheadAttention."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(5, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        x = self.into(x.transpose(1, 2))
        return self.attention(x, x, x, need_weights=False)[0]


class Transformer(nn.Module):
    """An encoder with positions from a table."""

    def __init__(self):
        super().__init__()
        self.into = nn.Linear(5, 8)
        self.register_buffer("table", torch.randn(1, 200, 8))
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu", norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x):
        x = self.into(x.transpose(1, 2))
        return self.encoder(x + self.table[:, :x.shape[1]])


class Heads(nn.Module):
    """Attention as people write it: heads by view and transpose, scores scaled before or after."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = nn.Linear(5, 8), nn.Linear(5, 8), nn.Linear(5, 8), nn.Linear(8, 8)

    def forward(self, x):
        x = x.transpose(1, 2)
        b, t, _ = x.shape
        q, k, v = (layer(x).view(b, t, 2, 4).transpose(1, 2) for layer in (self.q, self.k, self.v))
        weights = torch.softmax(q @ k.transpose(-2, -1) / 2.0, dim=-1)
        return self.o((weights @ v).transpose(1, 2).reshape(b, t, 8))


CASES = {
    "conv_net": ConvNet(),
    "conv_stack": ConvStack(),
    "lstm": Recurrent(nn.LSTM, False, 2),
    "bilstm": Recurrent(nn.LSTM, True, 2),
    "gru": Recurrent(nn.GRU, False, 1),
    "bigru": Recurrent(nn.GRU, True, 2),
    "feed": Feed(),
    "attend": Attend(),
    "transformer": Transformer(),
    "heads": Heads(),
}


def save(folder, run, model, x):
    (folder / run).mkdir(parents=True, exist_ok=True)
    numpy.save(folder / run / "in_x.npy", x.numpy())
    with torch.no_grad():
        numpy.save(folder / run / "out_y.npy", model(x).numpy())


def main(root):
    torch.manual_seed(7)
    torch.backends.mha.set_fastpath_enabled(False)
    for name, model in CASES.items():
        model.eval()
        for norm in (m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
        x = torch.randn(2, 5, 64)
        for how, opset in (("script", 14), ("script", 17), ("export", 18)):
            folder = root / f"{name}_{how}{opset}"
            folder.mkdir(parents=True)
            common = {"opset_version": opset, "input_names": ["x"], "output_names": ["y"]}
            try:
                if how == "script":
                    # Its MultiheadAttention has the length of the keys as a number.
                    is_fixed = any(isinstance(m, nn.MultiheadAttention) for m in model.modules())
                    axes = {0: "batch"} if is_fixed else {0: "batch", 2: "samples"}
                    torch.onnx.export(model, (x,), str(folder / "model.onnx"), dynamo=False,
                                      dynamic_axes={"x": axes}, **common)
                else:
                    shapes = ({0: torch.export.Dim("batch"), 2: torch.export.Dim("samples", min=8, max=180)},)
                    torch.onnx.export(model, (x,), str(folder / "model.onnx"), dynamo=True, external_data=False,
                                      dynamic_shapes=shapes, verbose=False, **common)
            except Exception as error:  # a model that PyTorch itself cannot export is no case of ours
                print(f"{folder.name}: PyTorch: {str(error).splitlines()[0]}", file=sys.stderr)
                continue
            declared = onnx.load(str(folder / "model.onnx")).graph.input[0].type.tensor_type.shape.dim
            for run, signal in (("0", x), ("1", torch.randn(1, 5, 96))):
                lengths = zip(declared, signal.shape)
                if all(not dim.HasField("dim_value") or dim.dim_value == length for dim, length in lengths):
                    save(folder, run, model, signal)
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])) if len(sys.argv) > 1 else 0)
