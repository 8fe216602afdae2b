#!/usr/bin/env python3
"""An amplifier for `nest stream --source tcp:127.0.0.1:PORT`: sends the samples of a BrainVision recording.

    send.py RECORDING.vhdr PORT_FILE

Waits for one listener on a free port, whose number it writes to PORT_FILE, and sends everything as fast as it is taken:
one line of JSON (rate, channels, unit), then float32, one value a channel, which is what the .eeg file holds.
"""
import json
import os
import re
import socket
import sys


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    header, port_file = sys.argv[1:]
    with open(header, encoding="utf-8") as file:
        text = file.read()
    channels = [line.split(",")[0] for line in re.findall(r"^Ch\d+=(.*)$", text, re.M)]
    rate_hz = 1e6 / float(re.search(r"^SamplingInterval=(.*)$", text, re.M).group(1))
    data = re.search(r"^DataFile=(.*)$", text, re.M).group(1).strip()
    with socket.create_server(("127.0.0.1", 0)) as server:
        with open(port_file + ".part", "w", encoding="ascii") as file:
            file.write(str(server.getsockname()[1]))
        os.rename(port_file + ".part", port_file)  # it appears with its content
        connection, _ = server.accept()
        with connection, open(os.path.join(os.path.dirname(header), data), "rb") as samples:
            connection.sendall(json.dumps({"rate_hz": rate_hz, "channels": channels, "unit": "uV"}).encode() + b"\n")
            connection.sendfile(samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
