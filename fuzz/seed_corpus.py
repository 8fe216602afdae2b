#!/usr/bin/env python3
"""Writes the first inputs of fuzz/corpus from tests/golden/weights (run generate.py there before).

Needs NumPy and SciPy. corpus/graph holds graph::to_json() of the models of configs/synth.yaml and of three blocks,
corpus/mat/hdf5 what tests/support/zuco_file.cc writes as version 7.3.
"""
import hashlib
import io
import json
import pathlib
import shutil
import struct
import zipfile
import zlib

import numpy as np
import scipy.io

ROOT = pathlib.Path(__file__).resolve().parent
GOLDEN = ROOT.parent / "tests/golden/weights"
LIMIT = 8192
SLOW = ("laughs", "many_copies")  # fill their budgets on purpose; tests/io has them

for name in ("manifest", "mat", "npy", "pytorch", "safetensors", "tokenizer"):
    (ROOT / "corpus" / name).mkdir(parents=True, exist_ok=True)
for path in sorted(GOLDEN.rglob("*.pt")):
    if path.stat().st_size > LIMIT or path.stem in SLOW:
        continue
    shutil.copy(path, ROOT / "corpus/pytorch" / path.stem)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as z:
            for member in z.namelist():
                if member.endswith("data.pkl"):
                    (ROOT / "corpus/pytorch" / (path.stem + "_pickle")).write_bytes(b"p" + z.read(member))
for path in sorted(GOLDEN.rglob("*.safetensors")):
    if path.stat().st_size <= LIMIT:
        shutil.copy(path, ROOT / "corpus/safetensors" / path.stem)
for dtype in ("<f4", ">f8", "<f2", "|i1", "|u1", ">i2", "<i4", "<i8", "|b1", "<c8"):
    for order in "CF":
        out = io.BytesIO()
        np.save(out, np.asarray(np.arange(6).reshape(2, 3), dtype=dtype, order=order))
        (ROOT / "corpus/npy" / f"{dtype[1:]}_{order}").write_bytes(out.getvalue())


# --- tokenizers: content, zero byte, a text to encode

SPECIAL = ["<PAD>", "<UNK>", "<SOS>", "<EOS>"]


def ids(tokens):
    return {token: i for i, token in enumerate(tokens)}


TOKENIZERS = {
    "character": {"type": "character", "vocab": ids(SPECIAL + list("abc é")), "lowercase": True},
    "word": {"type": "word", "word_to_id": ids(SPECIAL + ["hello", "world"]), "special_tokens": SPECIAL,
             "word_counts": {"hello": 3}, "min_frequency": 1, "max_vocab_size": 100, "characters": "unicode"},
    "bpe": {"vocab": ids(SPECIAL + ["l", "o", "w", "</w>", "lo", "low"]), "merges": [["l", "o"], ["lo", "w"]],
            "special_tokens": SPECIAL, "vocab_size": 10, "lowercase": False, "compat": False},
}
for name, content in TOKENIZERS.items():
    text = json.dumps(content, ensure_ascii=False).encode()
    (ROOT / "corpus/tokenizer" / name).write_bytes(text + b"\0" + "low hello Caf\u00e9 e\u0301".encode())
(ROOT / "corpus/tokenizer" / "not_utf8").write_bytes(b'{"type": "character", "vocab": {"<UNK>": 0, "\xff": 1}}\0\xc0\x80')

# --- a dataset's two files

LINE = {"id": "s01_3", "signal": "s01.edf", "first_sample": 512, "num_samples": 1280, "text": "HELLO",
        "subject": "s01", "session": "r1", "split": "train", "words": [{"text": "HELLO"}]}
INFO = {"name": "x", "description": "y", "file_gain": 1e-6, "file_offset": 0.0,
        "signal": {"rate_hz": 256.0, "channels": ["Cz", "Oz"], "num_channels": 2, "unit": "V",
                   "bandpass_hz": [1.0, 40.0], "notch_hz": 50.0, "normalization": "fixed",
                   "mean": [0.0, 0.0], "stddev": [1.0, 1.0]}}
JOINED = {"id": "j", "signal": "s.npy", "segments": [[0, 10], [20, 10]], "text": ""}
for name, line in (("ranges", LINE), ("joined", JOINED)):
    (ROOT / "corpus/manifest" / name).write_text(json.dumps(line) + "\n" + json.dumps(INFO))

# --- what real files depart in: see docs/inspect.md


def seed(target, name, content):
    (ROOT / "corpus" / target).mkdir(parents=True, exist_ok=True)
    (ROOT / "corpus" / target / name).write_bytes(content)


def edf(reserved, duration, signals, records):
    """signals: (label, digital and physical limits, samples in a record)."""
    columns = [[s[0] for s in signals], [""] * len(signals), ["uV"] * len(signals), *([s[1][i] for s in signals] for i in (2, 3, 0, 1)),
               [""] * len(signals), [str(s[2]) for s in signals], [""] * len(signals)]
    widths = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
    head = ("0".ljust(8) + "X X X X".ljust(80) + "Startdate 06-JUL-2012 X X X".ljust(80) + "06.07.1219.02.16"
            + str(256 * (len(signals) + 1)).ljust(8) + reserved.ljust(44) + str(len(records)).ljust(8) + duration.ljust(8)
            + str(len(signals)).ljust(4))
    body = "".join(text.ljust(width)[:width] for column, width in zip(columns, widths) for text in column)
    return (head + body).encode("latin-1") + b"".join(records)


FULL, FLAT = ("-32768", "32767", "-100", "100"), ("0", "0", "0", "0")
LISTS = (b"+0\x14\x14\0+0.5\x15" b"1\x14ferm\xe9\x14\0", b"+1\x14\x14\0+x\x14bad\x14\0+1.5\x14good\x14")
SIGNALS = [("C\xe2n", FULL, 2), ("-", FLAT, 2), ("EDF Annotations", ("-32768", "32767", "-1", "1"), 20)]
for kind in ("EDF+C", "EDF+D"):
    seed("edf", "departures_" + kind, edf(kind, "1", SIGNALS, [bytes(8) + text.ljust(40, b"\0") for text in LISTS]))
seed("edf", "events", edf("EDF+D", "0", [SIGNALS[2], ("Crc16", FULL, 1)], [LISTS[0].ljust(40, b"\0") + bytes(2)] * 2))


def chunk(tag, content):
    return b"\4" + struct.pack("<IH", len(content) + 2, tag) + content


def xdf_header(stream, name, kind, rate, layout):
    return chunk(2, struct.pack("<I", stream) + (
        f"<info><name>{name}</name><type>{kind}</type><channel_count>1</channel_count><nominal_srate>{rate}</nominal_srate>"
        f"<channel_format>{layout}</channel_format></info>").encode("latin-1"))


def xdf_sample(stream, time, value):
    return chunk(3, struct.pack("<I", stream) + b"\1\1\10" + struct.pack("<d", time) + value)


XDF = b"XDF:" + xdf_header(1, "ger\xe4t", "EEG", "10,0", "int16") + xdf_header(2, "ger\xe4t", "EEG", 10, "int16")
XDF += xdf_header(3, "cues", "Markers", 0, "string") + xdf_header(4, "odd", "EEG", 10, "complex64")
for n in range(24):
    XDF += xdf_sample(1, 100 + n / 9.9, struct.pack("<h", n))
    clock = 5000 + n if n < 12 else n
    if n % 3 == 0:
        XDF += chunk(4, struct.pack("<Idd", 3, clock, 100 + n / 9.9 - clock))
        XDF += xdf_sample(3, clock, b"\1\1\xff")
seed("xdf", "clock_reset", XDF)
seed("csv", "quoted", 'time;"Fz; left";event\n0,0;"1,5";go\n0,1;2;"a ""b""\n"\n'.encode())
seed("csv", "utf16", "\ufeffFz,Cz\n1,2\n".encode("utf-16"))
BV = ("[Common Infos]\nDataFormat=BINARY\nDataOrientation=VECTORIZED\nNumberOfChannels=3\nSamplingInterval=3906,25\n"
      "[Binary Infos]\nBinaryFormat=INT_16\n[Channel Infos]\nCh3=C\xe2n,,0.5,\xb5V\nCh1=a,,x,C\nCh3=b,,,\n")
seed("brainvision", "departures", (BV + "\0[Marker Infos]\nMk3=Stimulus,S 1,2,1,0\nMk3=Comment,\xff,x,1,0\n").encode("latin-1"))
ARPA = "\\data\\\nngram  1=\t4 \nngram 2 = 1\n\\1-grams:\n-1 <UNK>\n-9\t<S> -1\n-1 </S>\n+0 cat -1\n \\2-grams:\n-1 <S> cat\n\\end\\"
seed("ngram", "spaces.arpa", ARPA.encode())
seed("ngram", "utf16.arpa", ("\ufeff" + ARPA).encode("utf-16"))
TYPES = (("F32", 8), ("U16", 4), ("F8_E4M3", 2), ("F4", 1), ("LATER", 3))
OFFSETS = [sum(size for _, size in TYPES[:i]) for i in range(len(TYPES) + 1)]
HEADER = json.dumps({kind: {"dtype": kind, "shape": [2], "data_offsets": OFFSETS[i:i + 2]} for i, (kind, _) in enumerate(TYPES)})
seed("safetensors", "types", struct.pack("<Q", len(HEADER)) + HEADER.encode() + bytes(OFFSETS[-1]))


def tensor(function, storage, *more):
    return (b"ctorch._utils\n" + function + b"\n((X\7\0\0\0storagec" + storage + b"\nX\1\0\0\0000X\3\0\0\0cpuK\20tQK\0(K\2t(K\1t\x89ccollections\n"
            b"OrderedDict\n)R" + b"".join(more) + b"tR")


PICKLE = (b"p\x80\2}(X\x10\0\0\0model_state_dict}(X\1\0\0\0w" + tensor(b"_rebuild_tensor_v2", b"torch\nFloatStorage")
          + b"X\1\0\0\0\xe9" + tensor(b"_rebuild_tensor_v3", b"torch.storage\nUntypedStorage", b"ctorch\nuint16\n")
          + b"uX\4\0\0\0seed\x8a\x09\0\0\0\0\0\0\0\x80\0X\4\0\0\0argscargparse\nNamespace\n)\x81}X\2\0\0\0lrK\1sbX\1\0\0\0s\x8f(K\1\x90u.")
seed("pytorch", "foreign_pickle", PICKLE)

# --- MATLAB 5 and 7.3: a matrix with its rate, an EEGLAB struct, ZuCo sentences

MATRIX = np.arange(6.0).reshape(2, 3)
EEG = {"srate": 100.0, "nbchan": 2.0, "pnts": 3.0, "trials": 1.0, "data": MATRIX.astype(np.float32),
       "chanlocs": np.array([("Cz",), ("Oz",)], dtype=[("labels", object)]),
       "event": np.array([("go", 2.0)], dtype=[("type", object), ("latency", object)])}
WORD = np.array([("hi", np.array([MATRIX[:, 1:]], dtype=object))], dtype=[("content", object), ("rawEEG", object)])
SENTENCES = np.array([("hi", MATRIX, WORD)], dtype=[("content", object), ("rawData", object), ("word", object)])
for name, content in (("matrix", {"x": MATRIX, "fs": 250.0}), ("eeglab", {"EEG": EEG}),
                      ("zuco", {"sentenceData": SENTENCES})):
    for is_compressed in (False, True):
        scipy.io.savemat(ROOT / "corpus/mat" / (name + "_deflated" * is_compressed), content,
                         do_compression=is_compressed, appendmat=False)


# A prepared model without its frame: header, a zero, blocks (see prepared_fuzz.cc).
(ROOT / "corpus/prepared").mkdir(parents=True, exist_ok=True)
for name, layer in (("LinearAttention", "w_q"), ("EEGNet", "block2_separable2")):
    model = json.loads((ROOT / "corpus/graph" / name).read_text())
    block = bytes(4)
    blocks = [{"key": "a/weight", "offset": 0, "bytes": len(block), "crc32": zlib.crc32(block)}]
    options = {"sparse": True, "rewrite": True}
    old = {"precision": "int8", "layers": {layer: "int4"}, "activation_scales": {layer: 0.5}}
    quantization = {"precision": "int8", "granularity": "per_tensor", "layers": {layer: {"precision": "int4"}},
                    "activations": {layer: {"scale": 0.5, "bits": 8}}}
    for suffix, header in (("", {"model": model | {"quantization": quantization}, "options": options}),
                           ("_version2", {"model": model, "options": options | old})):
        text = json.dumps(header | {"blocks": blocks})
        (ROOT / "corpus/prepared" / (name + suffix)).write_bytes(text.encode() + b"\0" + block)

# --- what clients of nest serve send; the golden package has six channels at 64 Hz

ROWS = 0.01 * np.arange(6 * 64, dtype="<f4").reshape(6, 64)
V2 = "/v2/models/toy/infer"


def http(path, body=b"", method="POST", headers=(), step=0):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return bytes([step]) + "\r\n".join(lines + ["", ""]).encode() + body


def frame(opcode, content, mask=b"\x01\x02\x03\x04"):
    length = bytes([0x80 | len(content)]) if len(content) < 126 else b"\xfe" + struct.pack(">H", len(content))
    return bytes([0x80 | opcode]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(content))


def infer_body(binary, rows=ROWS, datatype="FP32", **more):
    given = {"name": "signal", "shape": [1, *rows.shape], "datatype": datatype}
    content = rows.astype({"FP32": "<f4", "FP64": "<f8", "INT16": "<i2", "FP16": "<f2"}[datatype]).tobytes() if binary else b""
    given |= {"parameters": {"binary_data_size": len(content)}} if binary else {"data": rows.round(2).tolist()}
    text = json.dumps({"id": "7", "inputs": [given]} | more).encode()
    return len(text), text + content


UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
AS_JSON = ("Content-Type: application/json",)
START = json.dumps({"type": "start", "rate_hz": 64, "unit": "uV", "channels": ["Fp1", "Fp2", "C3", "C4", "O1", "O2"]}).encode()
FRAMES = ROWS.T.tobytes()
for number, path in enumerate(("/", "/metrics", "/v2", "/v2/health/ready", "/v2/models/toy", "/v2/models/toy/versions/1/config",
                               "/v2/models/toy/stats", "/v1/models/toy/card", "/v1/models/toy/golden/0?a=%20+b&c")):
    seed("http", f"get_{number}", http(path, method="HEAD" if number == 0 else "GET", headers=("X-Request-Id: a",), step=7 * number))
seed("http", "kept", http("/v2", method="GET") + http("/v2/repository/index", b"{}")[1:] + http("/nothing", method="PUT")[1:])
seed("http", "load", http("/v2/repository/models/toy/load", b"{}"))
seed("http", "decode", http("/v1/decode", json.dumps({"signal": ROWS[:, :8].tolist(), "rate_hz": 64, "nbest": 2}).encode(), headers=AS_JSON))
seed("http", "recording", http("/v1/decode?unit=uV&rate_hz=64", edf("EDF+C", "1", SIGNALS, [bytes(48)])))
seed("http", "chunked", http("/v1/signal?model=toy", headers=("Transfer-Encoding: chunked", "Expect: 100-continue")) + b"4;a=b\r\n\x93NUM\r\n0\r\nA: b\r\n\r\n")
for is_binary in (False, True):
    length, body = infer_body(is_binary, ROWS[:, :16])
    seed("http", f"infer_{is_binary}", http(V2, body, headers=(f"Inference-Header-Content-Length: {length}",), step=100))
seed("http", "stream", http("/v1/stream?model=toy", method="GET", headers=(*UPGRADE, "Sec-WebSocket-Protocol: nest.v1, bearer.x"), step=1)
     + frame(1, START) + frame(2, FRAMES[:240]) + frame(9, b"ping") + frame(1, b'{"type": "end"}') + frame(8, b"\x03\xe8bye"))
seed("http", "fragments", http("/v1/stream", method="GET", headers=UPGRADE, step=1) + bytes([frame(1, START[:9])[0] & 0x7F])
     + frame(1, START[:9])[1:] + frame(0, START[9:]) + frame(2, b"123"))


def said(*messages):
    return b"".join(kind + struct.pack("<H", len(content)) + content for kind, content in messages)


END, GAP = (b"t", b'{"type": "end"}'), (b"t", b'{"type": "gap", "lost": 30}')
RESUME = (b"t", b'{"type": "resume", "session": "SESSION", "seq": 1}')
seed("websocket", "whole", said((b"t", START), (b"b", FRAMES), (b"b", FRAMES), END))
seed("websocket", "gap", said((b"t", b'{"type": "start"}'), (b"b", FRAMES), GAP, (b"b", FRAMES[:480]), END))
seed("websocket", "resumed", said((b"t", START), (b"b", FRAMES), (b"x", b""), RESUME, (b"b", FRAMES[:24]), GAP, END))
seed("websocket", "windows", said((b"t", json.dumps({"type": "start", "model": "toy", "window_s": 0.5, "hop_s": 0.25, "lookahead_s": 0}).encode()),
                                  *[(b"b", FRAMES[:24 * 20])] * 5, END))
seed("websocket", "not_finite", said((b"t", START), (b"b", struct.pack("<6f", float("nan"), float("inf"), -1e38, 1e-40, 0, 1) * 64), END))
seed("websocket", "wrong", said((b"t", b'{"type": "start", "rate_hz": 250, "unit": "mV", "channels": ["A"]}'), (b"b", b"123")))
for datatype in ("FP32", "FP64", "INT16", "FP16"):
    length, body = infer_body(True, datatype=datatype)
    seed("infer", datatype, f"{length}\n".encode() + body)
_, body = infer_body(False, ROWS[:, :8], parameters={"rate_hz": 64.0, "unit": "mV", "channels": "O2,O1,C4,C3,Fp2,Fp1", "binary_data_output": True},
                     outputs=[{"name": "text"}, {"name": "log_probs", "parameters": {"binary_data": False}}])
seed("infer", "json", b"-\n" + body)
seed("infer", "decode", b"-\n" + json.dumps({"signal": ROWS[:, :8].tolist(), "rate_hz": 64, "unit": "uV", "channels": list("ABCDEF")}).encode())

# --- a package: an archive without its files, the golden manifest, a configuration

with zipfile.ZipFile(ROOT.parent / "tests/golden/package/version1.nestpkg") as z:
    MANIFEST = json.loads(z.read("manifest.json"))
    seed("package", "config", b"c" + z.read("configs/deployment.yaml"))
seed("package", "manifest", b"m" + json.dumps(MANIFEST).encode())
seed("package", "signed", b"m" + json.dumps(MANIFEST | {"public_key": "00" * 32}).encode())
for name, files in (("small", {}), ("one_file", {"a/b": b"content"})):
    entries = {n: {"sha256": hashlib.sha256(c).hexdigest(), "bytes": len(c)} for n, c in files.items()}
    text = json.dumps(MANIFEST | {"files": entries}).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for member, content in ({"manifest.json": text, "manifest.sha256": f"{hashlib.sha256(text).hexdigest()}  manifest.json\n".encode()} | files).items():
            z.writestr(zipfile.ZipInfo(member), content)
    seed("package", name, b"a" + out.getvalue())
