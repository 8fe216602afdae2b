#!/usr/bin/env bash
# The specification's performance pipeline, every step with the command (docs/pipeline.md): baseline, prune, quantize, optimize,
# export and package, then what came of it beside what is promised.
#   pipeline.sh NEST MODEL DATA OUT     NEST: the command; MODEL: a float model; DATA: a dataset; OUT: a new folder
# AMOUNT (0.5) of the units go, EPOCHS (8) of training follow pruning and quantizing each, BATCH (16) utterances a step,
# ROUNDS (3) of timing, SAMPLES (1000) of the signal that memory is planned for.
set -euo pipefail
nest=$(realpath "$1") model=$(realpath "$2") data=$(realpath "$3") out=$4
here=$(cd "$(dirname "$0")" && pwd)
amount=${AMOUNT:-0.5} epochs=${EPOCHS:-8} batch=${BATCH:-16} rounds=${ROUNDS:-3} samples=${SAMPLES:-1000}
mkdir "$out"
cd "$out"
step() { echo "== $* ($SECONDS s)"; }
training=(--data "$data" --epochs "$epochs" --batch-size "$batch" --threads 1)

step "1. baseline: what the model is made of"
"$nest" profile --model "$model" --no-timing --length "$samples" --json >baseline.profile.json

step "2. prune: units go, the float model teaches what is left"
"$nest" prune --model "$model" --output pruned.safetensors --method structured --amount "$amount" --learning-rate 2e-3 "${training[@]}"

step "3. quantize: trained as its codes will compute"
"$nest" quantize --model pruned.safetensors --output quantized.safetensors --method qat "${training[@]}"

step "4. optimize: packed for the native runtime"
"$nest" convert quantized.safetensors optimized.prepared
"$nest" profile --model optimized.prepared --no-timing --length "$samples" --json >optimized.profile.json

step "5. export and package"
"$nest" export --model quantized.safetensors --output model.onnx --precision int8
"$nest" package --model quantized.safetensors --output package --data "$data" >/dev/null
"$nest" verify package

step "6. errors, and times in turns"
for round in $(seq "$rounds"); do
  "$nest" benchmark --model "$model" --data "$data" --batch-size 1 --executor torch --output "torch.$round.json" >/dev/null
  "$nest" benchmark --model "$model" --data "$data" --batch-size 1 --output "float.$round.json" >/dev/null
  "$nest" benchmark --model optimized.prepared --data "$data" --batch-size 1 --output "optimized.$round.json" >/dev/null
done
# Exit code 1: errors differ by more than nothing, which the table says too.
"$nest" compare float.1.json optimized.1.json >compare.txt || [ $? = 1 ]
python3 "$here/promises.py" "$model" "$rounds" | tee promises.txt
step "done"
