#!/usr/bin/env python3
"""Writes the first inputs of fuzz/corpus from tests/golden/weights (run generate.py there before).

Needs NumPy and SciPy. corpus/graph holds graph::to_json() of the models of configs/synth.yaml and of three blocks,
corpus/mat/hdf5 what tests/support/zuco_file.cc writes as version 7.3.
"""
import io
import json
import pathlib
import shutil
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
