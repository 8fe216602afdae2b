#!/usr/bin/env bash
# The core library must not know LibTorch: no symbol of torch::, at:: or c10::, defined or wanted.
#   tools/check_symbols.sh <libnest_core.a>
set -euo pipefail
library=${1:?usage: tools/check_symbols.sh <libnest_core.a>}
[ -f "$library" ] || { echo "check_symbols: $library is missing" >&2; exit 1; }
# Itanium names: a nested name that begins with torch, at, c10 or caffe2.
symbols=$(nm -A "$library" 2>/dev/null)
count=$(printf '%s\n' "$symbols" | grep -c ' [A-Za-z] ' || true)
[ "$count" -gt 100 ] || { echo "check_symbols: only $count symbols in $library; is it the library?" >&2; exit 1; }
found=$(printf '%s\n' "$symbols" | grep -E '_ZN?K?(5torch|2at|3c10|6caffe2)[0-9A-Z]|_ZN[KV]*(5torch|2at|3c10|6caffe2)[0-9]' || true)
if [ -n "$found" ]; then
  printf '%s\n' "$found" | head -20 >&2
  echo "check_symbols: $library refers to LibTorch" >&2
  exit 1
fi
echo "check_symbols: $count symbols, none of LibTorch"
