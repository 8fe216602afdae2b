#!/usr/bin/env bash
# Your own recordings, start to finish (docs/own-recordings.md): recordings of three people in three formats become
# a dataset with one person left out, a model that is stopped, resumed and extended, figures that are audited, and text
# from a socket.
#   walk.sh NEST OUT        NEST: the command; OUT: a new folder
set -euo pipefail
nest=$(realpath "$1") out=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir "$out"
cd "$out"
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
# wait_for FILE PROCESS: until the process has written to the file; fails if it ends without.
wait_for() {
  until [ -s "$1" ]; do
    kill -0 "$2" || return 1
    sleep 0.1
  done
}
step() { echo "== $* ($SECONDS s)"; }

step "recordings: BrainVision, EDF+ and FIF, with EOG, triggers, a bad stretch"
"$nest" synth --output corpus --seed 5 --rate 100 --channels 8 --subjects 3 --sessions 2 --sentences 150 --snr-db 12 \
  --char-jitter 0.05 --amplitude-jitter 0.05 --latency-jitter-ms 0 --blinks-per-min 0 --muscle-per-min 0 \
  --dead-probability 0 --mains-uv 1 --drift-uv 5
python3 "$here/make_recordings.py" corpus recordings
"$nest" inspect recordings/s01_r1.vhdr | sed -n 1,8p

step "one import: person s01 is the test, utterances of the others validate"
"$nest" import --format annotations --in recordings --output data --name-pattern '{subject}_{session}*' \
  --bandpass 1,40 --text-case lower --no-text-punctuation \
  --split-by subject --split-test s01 --validation-by utterance --validation-fraction 0.1
"$nest" dataset --data data --check samples

step "train, stop after an epoch, resume, extend"
"$nest" train --data data --config "$here/causal.yaml" --model-key causal --output run --epochs 9 &
training=$!
wait_for run/log.jsonl "$training"
kill -TERM "$training" # as Ctrl-C does
stopped=0
wait "$training" || stopped=$?
[ "$stopped" = 4 ] || { echo "the stopped run ended with exit code $stopped" >&2; exit 1; }
"$nest" train --output run --resume
"$nest" train --output run --resume --epochs 12

step "evaluate, compare two decoders, audit"
"$nest" benchmark --model run/best.pt --data data --output greedy.json
"$nest" benchmark --model run/best.pt --data data --beam 8 --output beam.json
"$nest" compare greedy.json beam.json
"$nest" audit --model run/best.pt --data data --disjoint sentence,subject --results greedy.json --output audit.json

step "a prepared int8 model: text of a file in one call, and from a socket"
"$nest" convert run/best.pt model.prepared --precision int8
"$nest" decode --model model.prepared --input recordings/s01_r2.vhdr --cut annotations | sed -n 1,3p
python3 "$here/send.py" recordings/s01_r2.vhdr port &
wait_for port $!
"$nest" stream --model model.prepared --source "tcp:127.0.0.1:$(cat port)" --json >events.jsonl
wait
tail -n 1 events.jsonl
step "done"
