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

# Where the kernel allows it, nest sees a file system that holds this folder and nothing else.
nest=(./nest)
if unshare --map-root-user chroot . /nest --version >/dev/null 2>&1; then
  nest=(unshare --map-root-user chroot . /nest)
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
refuses LibTorch train --config model.yaml
refuses LibTorch decode --model synth_ctc.pt --data data --split test --executor torch
refuses 'static program' inspect sentencepiece.model
refuses 'static program' stream --model model.prepared --source lsl:EEG
refuses 'in numbers' stream --model model.prepared --source tcp:localhost:9

stage "start and memory"
cd "$source"
python3 bench/prepared_start.py "$out/nest" 20
