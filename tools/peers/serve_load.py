#!/usr/bin/env python3
"""Loads a server that it starts on this machine; prints what clients saw. Python alone.

    serve_load.py NEST PACKAGE streams [--streams 256 --seconds 30 --workers 2]   live EEG at real time
    serve_load.py NEST PACKAGE churn                                             connect, start, vanish: 8 x 1,000
    serve_load.py NEST PACKAGE idle [--connections 10000]                        idle ones, slow ones, and one that works

Exit code 1: a deadline was missed, something leaked, or somebody was not served.
"""
import argparse
import array
import asyncio
import json
import os
import pathlib
import re
import resource
import socket
import struct
import subprocess
import sys
import time
import urllib.request

UPGRADE = (b"GET /v1/stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")


def frame(opcode, content):
    """A client's frame, masked with zeros."""
    length = bytes([0x80 | len(content)]) if len(content) < 126 else b"\xfe" + struct.pack(">H", len(content))
    return bytes([0x80 | opcode]) + length + bytes(4) + content


class Package:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        manifest = json.loads((self.folder / "manifest.json").read_text())
        self.name, self.signal = manifest["name"], manifest["signal"]
        self.input = (self.folder / manifest["golden"]["vectors"][0]["input"]).read_bytes()

    def start(self, **more):
        return frame(1, json.dumps({"type": "start", "rate_hz": self.signal["rate_hz"], "unit": self.signal["unit"]} | more).encode())

    def chunks(self, samples):
        """The golden input as messages of so many samples."""
        values = array.array("f", self.input[10 + int.from_bytes(self.input[8:10], "little"):])
        rows = self.signal["num_channels"]
        count = len(values) // rows
        frames = array.array("f", (values[c * count + t] for t in range(count) for c in range(rows))).tobytes()
        size = samples * rows * 4
        return [frame(2, frames[i:i + size]) for i in range(0, len(frames) - size + 1, size)]


class Server:
    def __init__(self, arguments, *more, **environment):
        self.process = subprocess.Popen(
            [arguments.nest, "serve", arguments.package, "--port", "0", "--workers", str(arguments.workers), *more],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | environment)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    def status(self, key):
        return int(re.search(rf"{key}:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1))

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name):
        text = urllib.request.urlopen(self.url + "/metrics").read().decode()
        return float(re.search(rf"^{name}(?:{{.*}})? (\S+)", text, re.M).group(1))

    def stop(self):
        self.process.terminate()
        return self.process.wait()


class Stream(asyncio.Protocol):
    """One client: sends a message every `period_s`, takes the time of the events."""

    def __init__(self, package, chunks, hop_s, period_s, begin, end):
        self.chunks, self.period_s, self.begin, self.end = chunks, period_s, begin, end
        self.hello = package.start(hop_s=hop_s)
        self.sent = 0
        self.sent_at = 0.0
        self.text = b""
        self.is_open = False
        self.late_ms, self.events, self.error = [], {}, None

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.write(UPGRADE)
        asyncio.get_running_loop().call_at(self.begin, self.tick)

    def tick(self):
        loop = asyncio.get_running_loop()
        if self.error is not None or self.transport.is_closing():
            return
        if loop.time() >= self.end:
            self.transport.write(frame(1, b'{"type": "end"}'))
            return
        self.sent_at = time.monotonic()
        self.transport.write(self.chunks[self.sent % len(self.chunks)])
        self.sent += 1
        loop.call_at(self.begin + self.sent * self.period_s, self.tick)

    def data_received(self, data):
        self.text += data
        if not self.is_open:
            head, split, rest = self.text.partition(b"\r\n\r\n")
            if not split:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.error = head.decode()
            self.is_open, self.text = True, rest
            self.transport.write(self.hello)
        while len(self.text) >= 2:
            length, at = self.text[1], 2
            if length == 126:
                length, at = int.from_bytes(self.text[2:4], "big"), 4
            elif length == 127:
                length, at = int.from_bytes(self.text[2:10], "big"), 10
            if len(self.text) < at + length:
                return
            self.take(self.text[0] & 15, self.text[at:at + length])
            self.text = self.text[at + length:]

    def take(self, opcode, content):
        if opcode == 8:
            self.transport.close()
        if opcode != 1:
            return
        kind = re.search(rb'"type":\s*"(\w+)"', content).group(1).decode()
        self.events[kind] = self.events.get(kind, 0) + 1
        if kind == "partial":
            self.late_ms.append(1e3 * (time.monotonic() - self.sent_at))
        if kind == "error":
            self.error = content.decode()


def quantiles(values):
    values = sorted(values) or [float("nan")]
    at = {p: values[min(len(values) - 1, int(p * len(values)))] for p in (0.5, 0.95, 0.99)}
    return f"p50 {at[0.5]:.1f} ms, p95 {at[0.95]:.1f}, p99 {at[0.99]:.1f}, most {values[-1]:.1f}"


async def play(server, package, arguments):
    loop = asyncio.get_running_loop()
    samples = round(package.signal["rate_hz"] * arguments.message_s)
    chunks = package.chunks(samples)
    period_s = samples / package.signal["rate_hz"]
    begin = loop.time() + 3  # all have started by then; their messages are spread over a period
    streams = []
    for i in range(arguments.streams):
        first = begin + period_s * i / arguments.streams
        made = Stream(package, chunks, arguments.hop_s, period_s, first, first + arguments.seconds)
        streams.append((await loop.create_connection(lambda made=made: made, "127.0.0.1", server.port))[1])
    await asyncio.sleep(max(0, begin - loop.time()))
    before = server.cpu_s(), time.process_time(), loop.time()
    while any(not s.transport.is_closing() for s in streams) and loop.time() < begin + arguments.seconds + 30:
        await asyncio.sleep(0.25)
    took_s = loop.time() - before[2]
    cpu = (server.cpu_s() - before[0]) / took_s, (time.process_time() - before[1]) / took_s
    return streams, cpu


def run_streams(arguments):
    package = Package(arguments.package)
    limit = ["--max-sessions", str(arguments.max_sessions)] if arguments.max_sessions else []
    server = Server(arguments, *limit)
    streams, cpu = asyncio.run(play(server, package, arguments))
    served = [s for s in streams if s.error is None]
    refused = [s.error for s in streams if s.error is not None]
    late = [ms for s in served for ms in s.late_ms]
    misses = server.metric("nest_deadline_misses_total")
    whole = sum(s.events.get("final", 0) for s in served)
    print(f"{len(streams)} streams of {package.signal['num_channels']} channels at {package.signal['rate_hz']:g} Hz, "
          f"{arguments.seconds} s, {arguments.workers} workers: {len(served)} served, {whole} to their final text, {len(refused)} refused")
    print(f"from the last sample sent to the event received: {quantiles(late)}; {len(late)} events")
    print(f"a message every {arguments.message_s:g} s, a hop every {arguments.hop_s:g} s")
    print(f"deadline misses (100 ms, as the server counts): {misses:.0f} of {server.metric('nest_stream_hops_total'):.0f} hops")
    print(f"cores in use: server {cpu[0]:.2f}, client {cpu[1]:.2f}; resident {server.status('VmRSS') / 1024:.0f} MB")
    for error in sorted(set(refused)):
        print(f"refused: {error}")
    expected = min(len(streams), arguments.max_sessions or len(streams))
    return misses == 0 and whole == len(served) == expected and server.stop() == 0


def run_churn(arguments):
    package = Package(arguments.package)
    # One arena: what is resident is then the most that was needed at a time, not how threads shared it out.
    server = Server(arguments, "--resume-s", "0", MALLOC_ARENA_MAX="1")
    chunk = package.chunks(10)[0]
    seen = []
    for _ in range(8):
        for i in range(1000):
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                if i % 4 != 0:
                    client.sendall(UPGRADE)
                if i % 4 > 1:
                    client.recv(1000)
                    client.sendall(package.start() + chunk * (i % 3))
                if i % 4 == 2:
                    client.recv(1000)
        while server.metric("nest_streams") > 0 or server.metric("nest_connections") > 1:
            time.sleep(0.1)
        seen.append((server.status("VmRSS"), server.files(), server.status("Threads")))
        print(f"after 1,000 connections: {seen[-1][0] / 1024:.1f} MB resident, {seen[-1][1]} files, {seen[-1][2]} threads")
    # How many streams are alive at a time differs from round to round; what leaks only grows.
    grows = min(s[0] for s in seen[4:]) > max(s[0] for s in seen[:4])
    return not grows and seen[7][2] == seen[0][2] and seen[7][1] <= seen[0][1] + 1 and server.stop() == 0


def run_idle(arguments):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = arguments.connections + 1000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except (ValueError, OSError):
            sys.exit(f"{wanted} files are needed, {hard} allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard) if hard != resource.RLIM_INFINITY else hard))
    package = Package(arguments.package)
    server = Server(arguments, "--header-timeout-s", "300", "--idle-timeout-s", "300")
    before = server.status("VmRSS")
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(arguments.connections)]
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    request = b"POST /v1/decode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
    rows = urllib.request.Request(server.url + "/v1/decode", package.input)
    times, wrong = [], 0
    for i in range(300):
        for client in slow:  # a byte at a time
            client.send(request[i:i + 1] or b"x")
        begin = time.monotonic()
        try:
            wrong += urllib.request.urlopen(rows, timeout=10).status != 200
        except OSError:
            wrong += 1
        times.append(1e3 * (time.monotonic() - begin))
    kept = server.metric("nest_connections")
    print(f"{len(idle)} idle and {len(slow)} slow connections, {kept:.0f} open; {(server.status('VmRSS') - before) / 1024:.0f} MB more resident")
    print(f"300 recordings decoded meanwhile, {wrong} failed: {quantiles(times)}")
    for client in idle + slow:
        client.close()
    return wrong == 0 and kept >= len(idle) + len(slow) and server.stop() == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nest")
    parser.add_argument("package")
    parser.add_argument("mode", choices=("streams", "churn", "idle"))
    parser.add_argument("--streams", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--message-s", type=float, default=0.1)
    parser.add_argument("--hop-s", type=float, default=0.256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--max-sessions", type=int, default=0)
    parser.add_argument("--connections", type=int, default=10000)
    arguments = parser.parse_args()
    run = {"streams": run_streams, "churn": run_churn, "idle": run_idle}[arguments.mode]
    sys.exit(0 if run(arguments) else 1)


main()
