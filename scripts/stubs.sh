#!/usr/bin/env bash
# Writes *_pb2.py and *_pb2.pyi beside our .proto files; with --check only says whether they are what protoc makes of them.
set -euo pipefail
cd "$(dirname "$0")/.."
check=
[ "${1:-}" = --check ] && { check=$(mktemp -d) && trap 'rm -rf "$check"' EXIT; }

stubs() { # the folder that imports start at, the folder of the .proto files below it
  local root=$1 wire=$2 made
  local out=${check:-$root}
  .venv/bin/python -m grpc_tools.protoc -I "$root" --python_out="$out" --pyi_out="$out" "$root/$wire"/*.proto
  [ "$check" ] || return 0
  for made in "$out/$wire"/*; do
    cmp -s "$made" "$root/$wire/${made##*/}" || { echo "$wire/${made##*/}: not what its .proto says; run: make generate" >&2; exit 1; }
  done
}

stubs exporters gridobs_exporters/wasmedge/wire
stubs . gridobs/fleet/backfill/wire
