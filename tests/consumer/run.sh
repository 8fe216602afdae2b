#!/usr/bin/env bash
# Installs the build into a folder of its own, then builds and runs the consumer project against it.
#   tests/consumer/run.sh <build folder> <C++ compiler>
set -euo pipefail
build=$1
compiler=$2
source=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/prefix" --component nest_core >/dev/null
if find "$work/prefix/include" -path '*nest/nn/*' | grep -q .; then
  echo "the core component installs headers of the torch half" >&2
  exit 1
fi
cmake -S "$source" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
cmake --build "$work/build" >/dev/null
"$work/build/consumer" "$work"
