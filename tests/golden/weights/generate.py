#!/usr/bin/env python3
"""Writes the weights files that tests/io reads: what torch.save writes, and what attackers write.

Needs Debian's python3-torch (made with PyTorch 1.13.1, NumPy 1.24.2, Python 3.11).
    /usr/bin/python3 tests/golden/weights/generate.py
"""
import collections
import json
import os
import pathlib
import pickle
import struct
import zipfile

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
BAD = HERE / "bad"


def state_dict():
    torch.manual_seed(7)
    base = torch.randn(4, 6)
    state = collections.OrderedDict()
    for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16):
        state[f"layer.{str(dtype)[6:]}"] = torch.randn(2, 3).to(dtype)
    for dtype in (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool):
        state[f"layer.{str(dtype)[6:]}"] = torch.randint(0, 2, (3, 2)).to(dtype)
    state["shared.whole"] = base
    state["shared.rows"] = base[1:3]
    state["shared.columns"] = base[:, 2:5]
    state["transposed"] = base.t()
    state["expanded"] = torch.randn(3, 1).expand(3, 2)
    state["parameter"] = torch.nn.Parameter(torch.randn(5))
    state["scalar"] = torch.tensor(7)
    state["empty"] = torch.zeros(0, 4)
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    return state


CONFIG = {
    "title": "a config that describes no model",
    "spatial_cnn": {"type": "EEGNet", "n_channels": 8, "dropout": 0.5},
    "values": [1, -1, 70000, 2**40, -(2**40), 1.5, True, False, None, "text", "Größe"],
    "tuple": (1, (2, 3), ()),
    "empty": {},
}


def write_good():
    state = state_dict()
    tensors = {k: v.detach() for k, v in state.items()}
    np.savez(HERE / "expected.npz",
             **{k: (v.float() if v.dtype == torch.bfloat16 else v).numpy() for k, v in tensors.items()})
    (HERE / "expected_config.json").write_text(json.dumps(CONFIG, ensure_ascii=False, indent=1) + "\n")
    optimizer = {"state": {0: {"step": 3, "exp_avg": torch.ones(2, 3)}}, "param_groups": [{"lr": 1e-3}]}
    full = {"model_state_dict": state, "model_config": CONFIG, "epoch": 12,
            "optimizer_state_dict": optimizer}
    for protocol in (2, 3, 4, 5):
        torch.save(full, HERE / f"protocol{protocol}.pt", pickle_protocol=protocol)
    torch.save(state, HERE / "bare.pt")
    torch.save({"state_dict": dict(state)}, HERE / "legacy_key.pt")
    with zipfile.ZipFile(HERE / "bare.pt") as source:
        with zipfile.ZipFile(HERE / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as target:
            for name in source.namelist():
                target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)


def archive(name, program, members=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(BAD / name, "w", compression) as z:
        z.writestr(zipfile.ZipInfo("archive/data.pkl"), program, compression)
        for member, content in members:
            z.writestr(zipfile.ZipInfo(f"archive/{member}"), content, compression)
        z.writestr(zipfile.ZipInfo("archive/version"), "3\n")


class Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/nest-was-executed",)


def tensor(key, numel, size, stride, offset=0):
    """Opcodes of one float tensor over storage `key`."""
    def integers(values):
        return b"(" + b"".join(b"\x8a\x08" + struct.pack("<q", v) for v in values) + b"t"
    return (b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n"
            + b"X" + struct.pack("<I", len(key)) + key + b"X\x03\0\0\0cpu"
            + b"\x8a\x08" + struct.pack("<q", numel) + b"tQ\x8a\x08" + struct.pack("<q", offset)
            + integers(size) + integers(stride) + b"\x89ccollections\nOrderedDict\n)RtR")


def state_of(*tensors):
    names = b"".join(b"X\x03\0\0\0w%02d" % i + t for i, t in enumerate(tensors))
    return b"\x80\x02}(" + names + b"u."


def write_bad():
    BAD.mkdir(exist_ok=True)
    four = [("data/0", bytes(16))]
    archive("system_call.pt", pickle.dumps({"model_state_dict": Evil()}, 2))
    archive("stack_global.pt", pickle.dumps({"model_state_dict": Evil()}, 4))
    archive("builtin_eval.pt", b"\x80\x02c__builtin__\neval\nX\x01\0\0\x001\x85R.")
    archive("inst.pt", b"\x80\x02(X\x02\0\0\0lsios\nsystem\n.")
    archive("newobj.pt", b"\x80\x02ccollections\nOrderedDict\n)\x81.")
    archive("build_on_dict.pt", b"\x80\x02}}b.")
    archive("call_storage_type.pt", b"\x80\x02ctorch\nFloatStorage\n)R.")
    archive("cyclic.pt", b"\x80\x02}q\0X\x06\0\0\0configh\0s"
            b"X\x10\0\0\0model_state_dict}s.")
    laughs = b"\x80\x02}X\x10\0\0\0model_state_dict}sX\x01\0\0\0x(NNNNNNNNNNl"
    for i in range(1, 30):
        laughs += b"q%c0(" % i + b"h%c" % i * 10 + b"l"
    archive("laughs.pt", laughs + b"s.")
    archive("deep.pt", b"\x80\x02}X\x10\0\0\0model_state_dict}sX\x01\0\0\0x" + b"]" * 10000
            + b"a" * 9999 + b"s.")
    archive("memo_unknown.pt", b"\x80\x02h\x07.")
    archive("memo_flood.pt", b"\x80\x02}" + b"".join(b"r" + struct.pack("<I", i * 977) for i in range(20000))
            + b".", compression=zipfile.ZIP_DEFLATED)
    archive("stack_underflow.pt", b"\x80\x020.")
    archive("text_too_long.pt", b"\x80\x02X\xff\xff\xff\xffabc.")
    archive("no_stop.pt", b"\x80\x02}")
    archive("not_utf8.pt", b"\x80\x02}X\x02\0\0\0\xff\xfeNs.")
    archive("storage_missing.pt", state_of(tensor(b"9", 4, [4], [1])), four)
    archive("storage_short.pt", state_of(tensor(b"0", 400, [4], [1])), four)
    archive("outside_storage.pt", state_of(tensor(b"0", 4, [2, 4], [4, 1])), four)
    archive("offset_outside.pt", state_of(tensor(b"0", 4, [2], [1], 3)), four)
    archive("negative_stride.pt", state_of(tensor(b"0", 4, [2], [-1], 3)), four)
    archive("stride_overflow.pt", state_of(tensor(b"0", 4, [2**62, 2**62], [2**62, 2**62])), four)
    archive("expanded_bomb.pt", state_of(tensor(b"0", 4, [2**40], [0])), four)
    archive("many_copies.pt", state_of(*[tensor(b"0", 4, [2**22], [0])] * 99), four)
    archive("name_twice.pt", b"\x80\x02}(" + (b"X\x01\0\0\0w" + tensor(b"0", 4, [4], [1])) * 2 + b"u.", four)
    archive("bomb.pt", b"\x80\x02}.", [("data/0", bytes(80 << 20))], zipfile.ZIP_DEFLATED)
    archive("not_a_dict.pt", b"\x80\x02]." )
    archive("no_state_dict.pt", b"\x80\x02}X\x05\0\0\0epochK\x07s.")
    archive("torchscript.pt", b"\x80\x02}.", [("constants.pkl", b"\x80\x02).")])
    archive("big_endian.pt", state_of(tensor(b"0", 4, [4], [1])), four + [("byteorder", b"big")])
    torch.save({"w": torch.ones(2)}, BAD / "legacy_format.pt", _use_new_zipfile_serialization=False)
    good = (HERE / "protocol2.pt").read_bytes()
    (BAD / "truncated.pt").write_bytes(good[:len(good) // 2])
    (BAD / "empty.pt").write_bytes(b"")
    write_bad_safetensors()


def write_bad_safetensors():
    def put(name, header, data=b""):
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        (BAD / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)

    def entry(begin, end, shape=(2,), dtype="F32"):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}

    (BAD / "header_too_long.safetensors").write_bytes(struct.pack("<Q", 2**63) + b"{}")
    (BAD / "header_beyond_file.safetensors").write_bytes(struct.pack("<Q", 100) + b"{}")
    (BAD / "short.safetensors").write_bytes(b"\x02\0\0")
    put("not_json", b"{not json}")
    put("deep", b"{\"a\":" + b"[" * 5000)
    put("duplicate", b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', bytes(4))
    put("overlap", {"a": entry(0, 8), "b": entry(4, 12)}, bytes(12))
    put("gap", {"a": entry(0, 8), "b": entry(12, 20)}, bytes(20))
    put("trailing", {"a": entry(0, 8)}, bytes(9))
    put("truncated", {"a": entry(0, 8)}, bytes(7))
    put("wrong_size", {"a": entry(0, 8, (3,))}, bytes(8))
    put("backwards", {"a": entry(8, 0)}, bytes(8))
    put("overflow", {"a": entry(0, 8, (2**40, 2**40, 2**40))}, bytes(8))
    put("negative", {"a": entry(0, 8, (-2,))}, bytes(8))
    put("dtype", {"a": entry(0, 8, (2,), "F8_E4M3")}, bytes(8))
    put("metadata", {"__metadata__": {"a": 1}})


if __name__ == "__main__":
    write_good()
    write_bad()
