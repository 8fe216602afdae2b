#!/usr/bin/env bash
# Include table, public headers (each compiles on its own), formatting, and clang-tidy over the core closure.
# clang-tidy cannot read GCC's precompiled headers, so it gets the compile commands without them; this also shows
# sources that lean on them.
#   tools/lint.sh BUILD [FILE ...]     BUILD is a configured build folder
set -euo pipefail
build=${1:?build folder}
shift
cd "$(dirname "$0")/.."
for tool in clang-format clang-tidy-16; do  # clang 14 cannot read consteval format strings
  command -v "$tool" >/dev/null || { echo "lint: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
tools/check_includes.py
tools/check_public.py
git ls-files '*.h' '*.cc' | xargs clang-format --dry-run -Werror
git ls-files 'include/*.h' | grep -vE '/(nn|train)/' | xargs -n 1 -P "${JOBS:-$(nproc)}" \
  "${CXX:-c++}" -std=c++20 -fsyntax-only -Iinclude -w -x c++
mkdir -p "$build/lint"
sed -E 's/ -fpch-preprocess| -Winvalid-pch| -include [^ ]*cmake_pch\.hxx//g' "$build/compile_commands.json" \
  >"$build/lint/compile_commands.json"
if [ $# -eq 0 ]; then mapfile -t files < <(git ls-files 'src/*.cc' 'apps/*.cc' | grep -vE '^src/(nn|train)/|torch_half|/neon(_dot)?\.cc$'); else files=("$@"); fi
printf '%s\n' "${files[@]}" | xargs -n 4 -P "${JOBS:-$(nproc)}" clang-tidy-16 --quiet -p "$build/lint"
