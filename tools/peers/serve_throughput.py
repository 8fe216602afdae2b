#!/usr/bin/env python3
"""Requests a second and p99 of /v2/infer: nest serve beside Python servers with ONNX Runtime, in turn, same client, same machine.

    serve_throughput.py NEST PACKAGE [--clients 8 --seconds 8 --rounds 2 --samples 0 --peers fastapi:onnx,kserve:none,…]

A peer is a server (fastapi, kserve) and its filters (python_model.py). Needs fastapi, uvicorn, onnxruntime, scipy, kserve. Every client waits for its answer before it asks again; the body is the package's
golden input as a binary tensor (its first --samples), the answer the text.
"""
import argparse
import asyncio
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import numpy


class Client(asyncio.Protocol):
    def __init__(self, request, end):
        self.request, self.end = request, end
        self.text, self.ms, self.wrong = b"", [], 0
        self.is_over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.begin = time.monotonic()
        self.transport.write(self.request)

    def data_received(self, data):
        self.text += data
        head, split, body = self.text.partition(b"\r\n\r\n")
        if not split:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length:
            return
        self.ms.append(1e3 * (time.monotonic() - self.begin))
        self.wrong += not head.startswith(b"HTTP/1.1 200")
        self.text = b""
        if time.monotonic() < self.end:
            return self.ask()
        self.transport.close()

    def connection_lost(self, _):
        if not self.is_over.done():
            self.is_over.set_result(None)


async def load(port, request, clients, seconds):
    loop = asyncio.get_running_loop()
    begin = time.monotonic()
    made = [(await loop.create_connection(lambda: Client(request, begin + seconds), "127.0.0.1", port))[1] for _ in range(clients)]
    await asyncio.gather(*(client.is_over for client in made))
    took_s = time.monotonic() - begin
    ms = sorted(t for client in made for t in client.ms)
    return len(ms) / took_s, ms[len(ms) // 2], ms[min(len(ms) - 1, int(0.99 * len(ms)))], sum(client.wrong for client in made)


def wait_ready(url):
    for _ in range(300):
        try:
            return urllib.request.urlopen(url + "/v2/health/ready").status
        except OSError:
            time.sleep(0.1)
    sys.exit(f"{url} is not ready after 30 s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nest")
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--samples", type=int, default=0)
    parser.add_argument("--peers", default="fastapi:onnx,fastapi:scipy,fastapi:none,kserve:onnx,kserve:scipy,kserve:none")
    parser.add_argument("--port", type=int, default=18080)
    a = parser.parse_args()
    manifest = json.loads((a.package / "manifest.json").read_text())
    signal = numpy.load(a.package / manifest["golden"]["vectors"][0]["input"])[None]
    signal = numpy.ascontiguousarray(signal[..., :a.samples or None])
    header = json.dumps({"inputs": [{"name": "signal", "shape": signal.shape, "datatype": "FP32", "parameters": {"binary_data_size": signal.nbytes}}],
                         "outputs": [{"name": "text"}]}).encode()
    request = (f"POST /v2/models/{manifest['name']}/infer HTTP/1.1\r\nHost: 127.0.0.1\r\nInference-Header-Content-Length: {len(header)}\r\n"
               f"Content-Length: {len(header) + signal.nbytes}\r\n\r\n").encode() + header + signal.tobytes()
    commands = {"nest": [a.nest, "serve", str(a.package), "--port", str(a.port), "--workers", "2", "--beam", "1"]}
    for i, peer in enumerate(a.peers.split(",")):
        server, filters = peer.split(":")
        script = pathlib.Path(__file__).with_name(f"{server}_peer.py")
        commands[f"{server}, filters: {filters}"] = [sys.executable, str(script), str(a.package), str(a.port + 1 + i), filters]
    ports = {name: a.port + i for i, name in enumerate(commands)}
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # a package has no other files
    servers = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment) for c in commands.values()]
    seen = {name: [] for name in commands}
    try:
        for port in ports.values():
            wait_ready(f"http://127.0.0.1:{port}")
        for port in ports.values():
            asyncio.run(load(port, request, 2, 0.5))  # warm
        for _ in range(a.rounds):
            for name, port in ports.items():
                seen[name].append(asyncio.run(load(port, request, a.clients, a.seconds)))
    finally:
        for server in servers:
            server.kill()
            server.wait()
    print(f"{manifest['name']}: input {signal.shape}, {a.clients} clients, {a.rounds} rounds of {a.seconds:g} s in turn")
    rates = {}
    for name, runs in seen.items():
        rates[name] = sorted(run[0] for run in runs)[len(runs) // 2]
        print(f"{name:24} " + "; ".join(f"{rate:7.1f} requests/s, p50 {p50:6.1f} ms, p99 {p99:6.1f} ms, {wrong} wrong" for rate, p50, p99, wrong in runs))
    if any(wrong for runs in seen.values() for *_, wrong in runs):
        sys.exit("not every answer was 200: no comparison")
    for name in list(rates)[1:]:
        print(f"nest against {name}: {rates['nest'] / rates[name]:.1f} x the requests, "
              f"p99 {min(r[2] for r in seen[name]) / max(r[2] for r in seen['nest']):.1f} x shorter at least")


main()
