#!/usr/bin/python3
"""One package served once: the page, a decoded recording over HTTP, the same as a stream over WebSocket.

    tools/serve_client.py URL PACKAGE     needs Debian's python3-websockets; exits with 1 where an answer is wrong
"""
import array
import asyncio
import json
import pathlib
import sys
import time
import urllib.request

import websockets

URL, PACKAGE = sys.argv[1], pathlib.Path(sys.argv[2])
MANIFEST = json.loads((PACKAGE / "manifest.json").read_text())
CONTRACT, GOLDEN = MANIFEST["signal"], MANIFEST["golden"]["vectors"][0]


def get(path, body=None):
    """Status line and body of a request."""
    with urllib.request.urlopen(urllib.request.Request(URL + path, body)) as answer:
        return answer.status, answer.read()


def frames(path):
    """A float32 array file [channels, samples] as frames: one value a channel, sample by sample."""
    raw = path.read_bytes()
    values = array.array("f", raw[10 + int.from_bytes(raw[8:10], "little"):])
    channels = CONTRACT["num_channels"]
    samples = len(values) // channels
    return array.array("f", (values[c * samples + t] for t in range(samples) for c in range(channels))), channels


async def stream(signal, channels, samples_a_message=16):
    """Final text of a stream, and the largest time from a hop's last sample to its event."""
    async with websockets.connect(URL.replace("http", "ws") + "/v1/stream") as socket:
        await socket.send(json.dumps({"type": "start", "rate_hz": CONTRACT["rate_hz"], "unit": CONTRACT["unit"]}))

        async def play():
            step = channels * samples_a_message
            for begin in range(0, len(signal), step):
                await socket.send(signal[begin:begin + step].tobytes())
            await socket.send('{"type": "end"}')

        playing = asyncio.create_task(play())
        worst_ms = 0.0
        async for message in socket:
            event = json.loads(message)
            worst_ms = max(worst_ms, event.get("latency_ms", 0.0))
            if event["type"] == "error":
                sys.exit(f"the stream: {event['message']}")
            if event["type"] == "final":
                await playing
                return event["text"], worst_ms
    sys.exit("the stream ended without its final text")


def main():
    status, page = get("/")
    print(f"page: {status}, {len(page) / 1e3:.0f} kB")
    if b"<html" not in page:
        sys.exit("the page is no page")
    begin = time.monotonic()
    body = (PACKAGE / GOLDEN["input"]).read_bytes()
    text = json.loads(get(f"/v1/decode?rate_hz={CONTRACT['rate_hz']}&unit={CONTRACT['unit']}", body)[1])["text"]
    print(f"HTTP: '{text}' in {1e3 * (time.monotonic() - begin):.1f} ms")
    if text != GOLDEN["text"]:
        sys.exit(f"the package's own golden text is '{GOLDEN['text']}'")
    said, worst_ms = asyncio.run(stream(*frames(PACKAGE / GOLDEN["input"])))
    print(f"WebSocket: '{said}', a hop's event at most {worst_ms:.1f} ms after its last sample")
    if not said.strip():
        sys.exit("the stream said nothing")


main()
