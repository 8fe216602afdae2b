#!/usr/bin/env python3
"""Decodes EEG with the model of this package; needs onnxruntime and numpy, nothing else.

    python deploy.py verify                      every file is what it was, and the model does what it did
    python deploy.py decode FILE.npy [--rate HZ --channels Fp1,Fp2,... --unit uV]
    python deploy.py serve [--host 127.0.0.1 --port 8001]
                                                 POST /v1/decode {"signal": [[...], ...], "rate_hz": ..., "unit": ...}

FILE.npy is [channels, samples]. Without --rate, --channels and --unit it is as the package's contract says: manifest.json,
"signal".
"""
import argparse
import hashlib
import http.server
import json
import pathlib
import sys

import numpy
import onnxruntime

VOLTS = {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "µV": 1e-6, "nV": 1e-9}
DTYPES = {"tensor(float)": numpy.float32, "tensor(int64)": numpy.int64, "tensor(double)": numpy.float64}


class Refused(ValueError):
    """A signal that does not meet the contract; `field` says which part of it."""

    def __init__(self, field, message):
        super().__init__(f"{field}: {message}")
        self.field = field


class Graph:
    """One ONNX file; states are carried by the caller."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.outputs = [port.name for port in self.session.get_outputs()]

    def __call__(self, inputs):
        return dict(zip(self.outputs, self.session.run(None, inputs)))

    def start(self, given):
        """Zeros for every input that is a state; open lengths are those of the given inputs, else 1."""
        ports = {port.name: port for port in self.session.get_inputs()}
        lengths = {name: length for key, array in given.items()
                   for name, length in zip(ports[key].shape, array.shape) if isinstance(name, str)}
        return {name: numpy.zeros([d if isinstance(d, int) else lengths.get(d, 1) for d in port.shape], DTYPES[port.type])
                for name, port in ports.items() if name not in given}


class Model:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.manifest = json.loads((self.folder / "manifest.json").read_text())
        self.contract = self.manifest["signal"]
        self.labels = json.loads((self.folder / "vocab/labels.json").read_text())
        onnx = self.manifest["onnx"]
        self.preprocessing = Graph(self.folder / onnx["preprocessing"])
        self.graphs = {name: Graph(self.folder / file) for name, file in onnx["graphs"].items()}

    def rows(self, channels):
        wanted = list(self.contract["channels"])
        reference = self.contract.get("ref_electrode", "")
        if reference not in ("", "average") and reference not in wanted:
            wanted.append(reference)
        if not channels or not wanted:
            return list(range(len(wanted) or self.contract["num_channels"]))
        places = {name.lower(): row for row, name in enumerate(channels)}
        missing = [name for name in wanted if name.lower() not in places]
        if missing:
            raise Refused("channels", f"{', '.join(missing)} missing; there are {', '.join(channels)}")
        return [places[name.lower()] for name in wanted]

    def prepare(self, samples, rate_hz=None, channels=None, unit=None):
        """What the model takes of a signal [channels, samples]."""
        samples = numpy.asarray(samples, numpy.float64)
        rows, contract = self.rows(channels), self.contract
        if rate_hz and abs(rate_hz - contract["rate_hz"]) > 1e-6:
            raise Refused("rate_hz", f"{rate_hz} Hz; the model takes {contract['rate_hz']} Hz")
        if samples.ndim != 2 or samples.shape[0] != (len(channels) if channels else len(rows)):
            raise Refused("signal", f"shape {samples.shape}; [{len(rows)}, samples] is needed")
        if not numpy.isfinite(samples).all():
            raise Refused("signal", "holds NaN or infinity")
        if unit and unit != contract["unit"]:
            if unit not in VOLTS or contract["unit"] not in VOLTS:
                raise Refused("unit", f"{unit}; the model takes {contract['unit']}")
            samples = samples * (VOLTS[unit] / VOLTS[contract["unit"]])
        return self.preprocessing({"samples": numpy.ascontiguousarray(samples[rows])})["signal"]

    def emissions(self, signal):
        """[frames, width]: log-probabilities of a CTC model, else the encoder's output."""
        if "model" in self.graphs:
            return self.graphs["model"]({"signal": signal})["log_probs"][0]
        return self.graphs["encoder"]({"eeg_data": signal})["encoder_output"][0]

    def tokens(self, frames):
        """Greedy: the most likely token at every step."""
        if "model" in self.graphs:
            best = frames.argmax(axis=1)
            return [int(t) for i, t in enumerate(best)
                    if t != self.labels["blank_id"] and (i == 0 or t != best[i - 1])]
        return self.transducer_tokens(frames) if "joiner" in self.graphs else self.attention_tokens(frames)

    def transducer_tokens(self, frames, most_symbols=3):
        predictor, joiner, blank = self.graphs["predictor"], self.graphs["joiner"], self.labels["blank_id"]
        tokens, state = [], predictor.start({"tokens": numpy.zeros([1, 1], numpy.int64)})

        def predict(token):
            outputs = predictor({"tokens": numpy.array([[token]], numpy.int64), **state})
            for name in state:
                state[name] = outputs[name + "_out"]
            return outputs["prediction_output"]

        prediction = predict(blank)
        for frame in frames:
            for _ in range(most_symbols):
                logits = joiner({"encoder_output": frame[None, None], "prediction_output": prediction})["logits"]
                token = int(logits.reshape(-1).argmax())
                if token == blank:
                    break
                tokens.append(token)
                prediction = predict(token)
        return tokens

    def attention_tokens(self, frames, most_tokens=100):
        step, sos, eos = self.graphs["decoder_step"], self.labels["sos_id"], self.labels["eos_id"]
        memory, tokens, token = frames[None], [], sos
        state = step.start({"token": numpy.zeros([1, 1], numpy.int64), "encoder_output": memory})
        for _ in range(most_tokens):
            outputs = step({"token": numpy.array([[token]], numpy.int64), "encoder_output": memory, **state})
            for name in state:
                state[name] = outputs[name + "_out"]
            logits = outputs["logits"].reshape(-1).copy()
            logits[sos] = -numpy.inf
            token = int(logits.argmax())
            if token == eos:
                break
            tokens.append(token)
        return tokens

    def text(self, tokens):
        labels = self.labels
        if labels["kind"] == "none":
            return " ".join(map(str, tokens))
        pieces = [labels["tokens"][t] for t in tokens if t not in labels["skip"]]
        if labels["kind"] == "word":
            return " ".join(pieces)
        text = "".join(pieces)
        if labels["kind"] == "bpe":
            return text.replace("</w>", " ").strip()
        return text.replace("\u2581", " ").strip() if labels["kind"] == "sentencepiece" else text

    def decode(self, samples, **source):
        frames = self.emissions(self.prepare(samples, **source))
        tokens = self.tokens(frames)
        return {"text": self.text(tokens), "tokens": tokens}

    def faults(self):
        """What is not as it was when the package was written."""
        manifest = (self.folder / "manifest.json").read_bytes()
        line = f"{hashlib.sha256(manifest).hexdigest()}  manifest.json\n"
        if (self.folder / "manifest.sha256").read_text() != line:
            yield "manifest.json: its hash is not that of manifest.sha256"
        for name, entry in self.manifest["files"].items():
            path = self.folder / name
            if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
                yield f"{name}: is missing or was changed"
        golden = self.manifest["golden"]
        for vector in golden["vectors"]:
            frames = self.emissions(self.prepare(numpy.load(self.folder / vector["input"])))
            wanted = numpy.load(self.folder / vector["onnx_output"])
            if frames.shape != wanted.shape:
                yield f"{vector['input']}: output {frames.shape} in place of {wanted.shape}"
                continue
            difference = float(numpy.abs(frames - wanted).max())
            if not difference <= golden["onnx_tolerance"] * float(numpy.abs(wanted).max()):
                yield f"{vector['input']}: the output differs by {difference:.3g}"
            text = self.text(self.tokens(frames))
            if text != vector["onnx_text"]:
                yield f"{vector['input']}: text '{text}' in place of '{vector['onnx_text']}'"


def serve(model, host, port):
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, status, body):
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self):
            known = self.path in ("/v2/health/live", "/v2/health/ready")
            self.answer(200 if known else 404, {} if known else {"error": f"no {self.path}"})

        def do_POST(self):
            if self.path != "/v1/decode":
                return self.answer(404, {"error": f"no {self.path}"})
            try:
                length = int(self.headers.get("Content-Length", 0))
                if not 0 < length <= 64 << 20:
                    raise Refused("signal", "a body of 1 byte to 64 MiB with its Content-Length is needed")
                body = json.loads(self.rfile.read(length))
                source = {key: body.get(key) for key in ("rate_hz", "channels", "unit")}
                self.answer(200, model.decode(body["signal"], **source))
            except (ValueError, KeyError, TypeError) as error:
                self.answer(400, {"error": str(error), "field": getattr(error, "field", "body")})

    server = http.server.ThreadingHTTPServer((host, port), Handler)
    print(f"http://{host}:{server.server_address[1]}", flush=True)
    server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["verify", "decode", "serve"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--channels", type=lambda text: text.split(","))
    parser.add_argument("--unit")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    a = parser.parse_args()
    model = Model(pathlib.Path(__file__).resolve().parent)
    if a.command == "decode" and a.file:
        try:
            print(json.dumps(model.decode(numpy.load(a.file), rate_hz=a.rate, channels=a.channels, unit=a.unit)))
        except Refused as error:
            sys.exit(f"error: {error}")
        return 0
    if a.command == "decode":
        parser.error("decode needs FILE.npy")
    faults = list(model.faults())  # a server proves itself first
    for fault in faults:
        print(fault, file=sys.stderr)
    if a.command == "serve" and not faults:
        serve(model, a.host, a.port)
    print(f"{model.manifest['name']} {model.manifest['version']}: {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
