#!/usr/bin/env bash
# The main job on the embedded model and a generated corpus and recording.
#   tools/demo.sh NEST [OUT]
set -euo pipefail
nest=${1:?path of the nest command}
out=${2:-out/demo}
data=$out/data recording=$out/data/signals/test_s01_r1_000.edf
tools=$(dirname "$0")
. "$tools/stage.sh"
mkdir -p "$out"

if [ ! -f "$data/manifest.jsonl" ]; then
  stage "generate: continuous recordings with sentences the model has not seen, and pauses"
  "$nest" synth --output "$data" --seed 1 --rate 125 --sentences 1300 --continuous
fi
# A short form of the search in docs/compress.md: six epochs in place of sixteen.
compress="--amounts 0.3 --epochs 6 --lr 0.002 --weight-decay 0.001 --warmup-steps 20 --validation-split ''
  --augment-noise 0.1 --surround-before 1.5 --surround-after 1.5 --surround-background 4 --train-window 4 --train-hop 2
  --train-lookahead 0.75 --search-utterances 60 --calibrate-utterances 60 --timed-utterances 10 --seed 1"
STREAM_DATA=$data STREAM="--window 4 --hop 0.512 --lookahead 1" LICENCE=Apache-2.0 COMPRESS=$compress \
  "$tools/main_job.sh" "$nest" "$tools/../models/synth_ctc.pt" "$data" "$recording" "$out"
