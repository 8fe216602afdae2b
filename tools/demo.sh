#!/usr/bin/env bash
# The main job on the embedded model and a generated corpus and recording.
#   tools/demo.sh NEST [OUT]
set -euo pipefail
nest=${1:?path of the nest command}
out=${2:-out/demo}
data=$out/data recording=$out/recording.edf
tools=$(dirname "$0")
. "$tools/stage.sh"
mkdir -p "$out"

if [ ! -f "$data/manifest.jsonl" ] || [ ! -f "$recording" ]; then
  stage "generate: sentences the model has not seen, and one continuous recording"
  "$nest" synth --output "$data" --recording "$recording" --seed 1 --rate 125 --sentences 1300
fi
if [ ! -f "$out/recording/manifest.jsonl" ]; then
  "$nest" import --format annotations --no-normalize --in "$recording" --output "$out/recording"
fi
STREAM_DATA=$out/recording STREAM_SPLIT="" STREAM="--window 4 --hop 0.512 --lookahead 1" \
  "$tools/main_job.sh" "$nest" "$tools/../models/synth_ctc.pt" "$data" "$recording" "$out"
