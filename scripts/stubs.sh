#!/usr/bin/env bash
# Writes *_pb2.py and *_pb2.pyi beside our .proto files; with --check only says whether they are what protoc makes of them.
set -euo pipefail
cd "$(dirname "$0")/../exporters"
wire=gridobs_exporters/wasmedge/wire
out=.
[ "${1:-}" = --check ] && { out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT; }
../.venv/bin/python -m grpc_tools.protoc -I . --python_out="$out" --pyi_out="$out" $wire/*.proto
[ "$out" = . ] && exit
for made in "$out/$wire"/*; do
  cmp -s "$made" "$wire/${made##*/}" || { echo "$wire/${made##*/}: not what its .proto says; run: make generate" >&2; exit 1; }
done
