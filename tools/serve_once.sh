#!/usr/bin/env bash
# Serves a package on a free port of this machine, calls it as its users would, and stops it.
#   tools/serve_once.sh NEST PACKAGE LOG [CLIENT...]     CLIENT is called with the address and the package;
#                                                        default: tools/serve_client.py
set -euo pipefail
nest=$1 package=$2 log=$3
shift 3
[ $# -gt 0 ] || set -- "$(dirname "$0")/serve_client.py"
"$nest" serve "$package" --port 0 >"$log.url" 2>"$log" &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null' EXIT
for _ in $(seq 300); do # it proves the package before it listens
  [ -s "$log.url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
  sleep 0.1
done
url=$(head -1 "$log.url")
[ -n "$url" ] || { echo "serve: no address after 30 s" >&2; cat "$log" >&2; exit 1; }
echo "$url"
"$@" "$url" "$package"
kill "$server"
wait "$server"
trap - EXIT
rm "$log.url"
echo "stopped"
