#!/usr/bin/env bash
# The main job on real EEG.
#   tools/demo_real.sh NEST DATA [OUT]
# DATA is the folder of the SSVEP recordings (EDF, labels.tsv, utterances.tsv), a dataset folder
# (manifest.jsonl, dataset.json), or a folder of EDF files with annotations.
# From the environment: MODEL (a trained model; none: one is trained), CONFIG and MODEL_KEY (what is
# trained), TRAIN (flags of nest train), COMPRESS (flags of nest compress), STREAM (flags of nest stream), RECORDING (the
# EDF to stream).
set -euo pipefail
nest=${1:?path of the nest command}
source=${2:?folder of the recordings or the dataset}
out=${3:-out/real}
tools=$(dirname "$0")
. "$tools/stage.sh"
mkdir -p "$out"
config=${CONFIG:-$tools/../configs/model.yaml} key=${MODEL_KEY:-nest_ctc_small}
train=${TRAIN:-"--epochs 40 --lr 0.002 --weight-decay 0.001 --warmup-steps 100 --seed 1"}
data=$out/data training=$out/data audit=""
spoken="" # dataset whose utterances are ranges of continuous recordings
validation=() # which split chooses the epoch; the flags' default unless said

import() { # import NAME FLAGS...: makes $out/NAME once
  local name=$1
  shift
  [ -f "$out/$name/manifest.jsonl" ] && return
  stage "import: $name"
  "$nest" import --in "$source" --output "$out/$name" "$@"
}

if [ -f "$source/manifest.jsonl" ]; then
  data=$source training=$source
elif [ -f "$source/utterances.tsv" ] && [ -f "$source/labels.tsv" ]; then
  import data --format ssvep-exo --mode utterances --bandpass 5,48 --window-norm whiten
  import trials --format ssvep-exo --mode trials --bandpass 5,48 --window-norm whiten
  # Streams are whole sessions of the asynchronous speller, for which there is a model (docs/results.md).
  import speller --format ssvep-exo --mode speller --bandpass 5,48 --window-norm whiten
  spoken=$out/speller
  export STREAM_MODEL=$tools/../models/ssvep_speller.pt STREAM_SCORE="--margin 1.5"
  STREAM=${STREAM:-"--window 8 --hop 0.5 --lookahead 2 --min-probability 0.75"}
  training=$out/trials audit="--disjoint session" validation=(--validation-split "")
  config=${CONFIG:-$tools/../configs/ssvep.yaml} key=${MODEL_KEY:-nest_ctc}
  train=${TRAIN:-"--epochs 60 --lr 0.002 --weight-decay 0.001 --warmup-steps 100
    --augment-join 0.9 --augment-join-most 8 --augment-join-ramp 30 --ema-decay 0.998 --seed 1 --threads 1"}
elif compgen -G "$source/*.edf" >/dev/null; then
  import data --format annotations --bandpass 1,40 --window-norm zscore --split-by session \
    --test-fraction 0.2 --validation-fraction 0.1
  spoken=$data
else
  echo "demo-real: $source has no manifest.jsonl, no labels.tsv with utterances.tsv, and no .edf file" >&2
  exit 3
fi

model=${MODEL:-$out/run/best.pt}
if [ ! -f "$model" ]; then
  [ -z "${MODEL:-}" ] || { echo "demo-real: MODEL=$MODEL is not there" >&2; exit 3; }
  stage "train"
  resume=()
  [ -f "$out/run/last.pt" ] && resume=(--resume)
  read -r -d '' -a flags <<<"$train" || true
  "$nest" train --data "$training" --config "$config" --model-key "$key" --output "$out/run" "${validation[@]}" "${flags[@]}" "${resume[@]}"
fi
if [ "$training" != "$data" ]; then
  stage "evaluate: single trials, known boundaries"
  "$nest" benchmark --model "$model" --data "$training" --split test --output "$out/trials.json"
fi

recording=${RECORDING:-}
if [ -z "$recording" ]; then # a whole held-out recording: the first of the test split
  recording=$(grep '"split": *"test"' "$data/manifest.jsonl" | grep -o '"signal": *"[^"]*\.edf"' | sed -n 1p |
    sed 's/.*"signal": *"//; s/"$//')
  [ -n "$recording" ] || { echo "demo-real: no EDF file in the test split; set RECORDING=FILE" >&2; exit 3; }
  [ -f "$recording" ] || recording=$data/$recording
fi
compress=${COMPRESS:-"--epochs 0 --amounts 0.3 --target-size 6 --timed-utterances 10"}
LIVE_S=${LIVE_S:-20} COMPRESS=$compress AUDIT=$audit STREAM_DATA=$spoken STREAM=${STREAM:-} "$tools/main_job.sh" "$nest" "$model" "$data" "$recording" "$out"
