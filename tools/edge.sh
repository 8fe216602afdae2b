#!/usr/bin/env bash
# Builds nest as one static program without LibTorch and HDF5, lets it decode where nothing else is installed, and
# measures it.
#   tools/edge.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
source=$PWD
out=${1:-out/edge}
. tools/stage.sh
fail() {
  echo "edge: $*" >&2
  exit 1
}

stage "build"
cmake --preset edge -Wno-dev >/dev/null
cmake --build --preset edge -j "${JOBS:-$(nproc)}" --target nest >&2
rm -rf "$out"
mkdir -p "$out"
cp build/edge/apps/nest/nest models/synth_ctc.pt tests/golden/text/sentencepiece.model "$out"
cd "$out"

stage "one file that needs no other"
headers=$(readelf --dynamic --program-headers --section-headers nest)
! grep -E 'NEEDED|INTERP' <<<"$headers" || fail "nest needs shared libraries"
! grep -E '\.symtab|\.debug' <<<"$headers" || fail "nest is not stripped"
printf 'size of nest: %s bytes\n' "$(stat -c %s nest)"

# Where the kernel allows it, nest sees a file system that holds this folder, /proc and nothing else.
nest=(./nest)
mkdir proc
alone=(unshare --map-root-user --mount sh -c 'mount --rbind /proc proc && exec chroot . /nest "$@"' nest)
if "${alone[@]}" --version >/dev/null 2>&1; then
  nest=("${alone[@]}")
  echo "it runs in a file system without anything else"
fi

stage "decode: synthetic EEG, int8"
"${nest[@]}" synth --output data --recording live.edf --recording-sentences 4 --seed 1 --rate 125 --sentences 60
"${nest[@]}" benchmark --model synth_ctc.pt --data data --split test --precision int8 --output results.json

stage "stream: whole, in deliveries of 7 samples, from standard input, from a socket"
"${nest[@]}" convert synth_ctc.pt model.prepared --precision int8
stream() {
  "${nest[@]}" stream --model model.prepared --window 4 --hop 0.512 --lookahead 1 "$@"
}
stream --source file:live.edf >text
cat text
[ -s text ] || fail "no text was decoded"
stream --source file:live.edf --chunk 7 >text-7 2>log-7
cmp text text-7

"${nest[@]}" convert live.edf live.npy >/dev/null
"${nest[@]}" inspect --json live.edf >live.json
python3 - <<'FRAMES'
import array, json
info = json.load(open("live.json"))["info"]
npy = open("live.npy", "rb").read()
volts = array.array("f", npy[10 + int.from_bytes(npy[8:10], "little"):])
count, header = len(volts) // len(info["channels"]), {
    "rate_hz": info["rate_hz"], "channels": [c["name"] for c in info["channels"]], "unit": "V"}
with open("frames", "wb") as out:
    out.write(json.dumps(header).encode() + b"\n")
    for t in range(count):
        volts[t::count].tofile(out)
FRAMES
stream --source stdin <frames >text-stdin 2>log-stdin
cmp text text-stdin
python3 -c '
import socket
server = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(server.getsockname()[1]))
server.accept()[0].sendall(open("frames", "rb").read())' &
for _ in $(seq 100); do [ -s port ] || sleep 0.1; done
stream --source "tcp:127.0.0.1:$(cat port)" >text-tcp 2>log-tcp
cmp text text-tcp
echo "the text is the same four times"

stage "compress: units out, 8 and 4 bits, without training"
"${nest[@]}" prune --model synth_ctc.pt --output pruned.safetensors --method structured --amount 0.1 --json >pruned.json
"${nest[@]}" quantize --model synth_ctc.pt --data data --output static.safetensors --method static --calibrator mse --calibrate-utterances 10 --json >static.json
"${nest[@]}" quantize --model pruned.safetensors --output dynamic.prepared --method dynamic --precision int4 --json >dynamic.json
python3 - <<'SMALLER'
import json
for name in "pruned", "static", "dynamic":
    made = json.load(open(name + ".json"))
    print(name, *(f"{made[when]['parameters']} parameters, {made[when]['file_bytes']} bytes" for when in ("before", "after")), sep="; ")
    assert made["after"]["file_bytes"] < made["before"]["file_bytes"], name
SMALLER

stage "see and ship: profile, ONNX, package"
"${nest[@]}" profile --model static.safetensors
"${nest[@]}" export --model synth_ctc.pt --out model.onnx
"${nest[@]}" convert model.onnx back.safetensors
"${nest[@]}" package --model static.safetensors --data data --out package
"${nest[@]}" verify package

stage "serve: ready, one recording decoded, drained"
"${nest[@]}" serve package --port 0 >served 2>&1 &
server=$!
for _ in $(seq 100); do grep -qE ':[0-9]+' served && break; sleep 0.1; done
python3 - <<'CLIENT'
import json, re, time, urllib.request
port = re.search(r"127\.0\.0\.1:(\d+)", open("served").read()).group(1)
def ask(path, body=None, kind="application/json"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, headers={"Content-Type": kind})
    return urllib.request.urlopen(request, timeout=30).read()
for _ in range(100):
    try:
        ask("/v2/health/ready")
        break
    except OSError:
        time.sleep(0.1)
text = json.loads(ask("/v1/decode", open("live.edf", "rb").read(), "application/octet-stream"))["text"]
print(text)
assert text, "nothing was decoded"
CLIENT
kill -TERM "$server"
wait "$server"

stage "what is not there says so"
# refuses WHAT ARGUMENTS...: exit code 3 and one line that says WHAT
refuses() {
  local what=$1 code=0
  shift
  "${nest[@]}" "$@" >refused 2>&1 || code=$?
  cat refused
  [ "$code" = 3 ] || fail "nest $* ended with exit code $code, not 3"
  [ "$(wc -l <refused)" = 1 ] || fail "nest $*: not one line"
  grep -q -- "$what" refused || fail "nest $*: the error does not say '$what'"
}
refuses LibTorch prune --model synth_ctc.pt --data data --output refused.pt --method structured --amount 0.3 --epochs 1
refuses LibTorch train --config model.yaml
refuses LibTorch decode --model synth_ctc.pt --data data --split test --executor torch
refuses 'static program' inspect sentencepiece.model
refuses 'static program' stream --model model.prepared --source lsl:EEG
refuses 'in numbers' stream --model model.prepared --source tcp:localhost:9

stage "start and memory"
cd "$source"
python3 bench/prepared_start.py "$out/nest" 20
