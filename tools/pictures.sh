#!/usr/bin/env bash
# The pictures of the README, from what `make demo 2>&1 | tee demo.log` left in out/demo (demo.log
# there) and its package, served. Needs Chromium.
#   tools/pictures.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-out/demo}
command -v chromium >/dev/null || { echo "pictures: chromium is missing: apt-get install chromium" >&2; exit 1; }
shot() { # shot URL WIDTH HEIGHT FILE
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size="$2,$3" --screenshot="$4" "$1" 2>/dev/null
}
page=$(mktemp --suffix=.html)
trap 'rm -f "$page"' EXIT
{
  echo '<meta charset="utf-8"><style>body{margin:0;background:#10141a;color:#dfe5ec;font:13px/1.45 "DejaVu Sans Mono",monospace}
    pre{margin:0;padding:16px 20px;white-space:pre} b{color:#7ec699;font-weight:normal}</style><pre>'
  echo '<b>$ make demo</b>'
  # From the live stream to the tables; of the whole recording's texts the first four.
  sed -n '/\] stream in real time/,/^made in/p' "$out/demo.log" | grep -v '^$\|^info: ' |
    awk '/\] stream as fast/ { texts = 1; n = 0 } /\] the same in/ { if (n > 5) print "..."; texts = 0 } !texts || ++n <= 5' |
    cut -c1-150 | sed 's/&/\&amp;/g; s/</\&lt;/g'
  echo '</pre>'
} >"$page"
shot "file://$page" 1240 690 docs/pictures/demo.png
shot "file://$PWD/$out/report.html" 1200 1640 docs/pictures/report.png
shots=$(mktemp -d)
trap 'rm -rf "$page" "$shots"' EXIT
tools/serve_once.sh build/release/apps/nest/nest "$out/package" "$out/serve.log" \
  sh -c 'exec /usr/bin/python3 tests/apps/serve_clients.py chromium "$2" "$3" "$1"' pictures "$shots"
cp "$shots/light.png" docs/pictures/page.png
