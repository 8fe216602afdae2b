#!/usr/bin/env bash
# Fuzzes one target with clang's libFuzzer, address and undefined-behaviour sanitizers.
#   tools/fuzz.sh <name> [seconds]      name: npy, pytorch, safetensors, ... (fuzz/<name>_fuzz.cc)
# Needs clang 15 or later (Debian: clang-16 libclang-rt-16-dev). New inputs go to build/fuzz/work/<name>;
# an input that fails is written to build/fuzz/<name>-*: fix the cause, then add it to fuzz/corpus/<name>.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?usage: tools/fuzz.sh <name> [seconds]}
seconds=${2:-600}
[ -f "fuzz/${name}_fuzz.cc" ] || {
  echo "fuzz: no target '$name'; there are: $(cd fuzz && ls ./*_fuzz.cc | sed 's/^..//; s/_fuzz.cc$//' | xargs)" >&2
  exit 2
}
clang=$(command -v clang++ clang++-19 clang++-18 clang++-17 clang++-16 clang++-15 |
        while read -r c; do [ "$("$c" -dumpversion | cut -d. -f1)" -ge 15 ] && echo "$c" && break; done || true)
[ -n "$clang" ] || { echo "fuzz: clang 15 or later is missing: apt-get install clang-16 libclang-rt-16-dev" >&2; exit 1; }

cmake -S . -B build/fuzz -G Ninja -Wno-dev -DCMAKE_BUILD_TYPE=RelWithDebInfo -DNEST_WITH_TORCH=OFF \
  -DNEST_BUILD_TESTS=OFF -DNEST_BUILD_BENCH=OFF -DNEST_BUILD_APPS=OFF -DNEST_ASSERTS=ON \
  -DCMAKE_CXX_COMPILER="$clang" -DNEST_SANITIZE=fuzzer-no-link,address,undefined >/dev/null
cmake --build build/fuzz -j "${JOBS:-$(nproc)}" --target "nest_fuzz_$name" >&2
mkdir -p "build/fuzz/work/$name"
exec "build/fuzz/fuzz/nest_fuzz_$name" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
  -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" "build/fuzz/work/$name" "fuzz/corpus/$name"
