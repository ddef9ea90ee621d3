#!/usr/bin/env bash
# Writes the pinned requirement files (exact versions, hashes) from the short hand-written lists.
# Usage: requirements/compile.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/bin/uv
flags=(--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links
       --custom-compile-command requirements/compile.sh --quiet "$@")
"$uv" pip compile "${flags[@]}" requirements/local.in -o requirements/local.txt
"$uv" pip compile "${flags[@]}" requirements/dev.in -o requirements/dev.txt
"$uv" pip compile "${flags[@]}" requirements/bench.in -o requirements/bench.txt
"$uv" pip compile "${flags[@]}" requirements/npm.in -o requirements/npm.txt
"$uv" pip compile "${flags[@]}" requirements/sam.in -o requirements/sam.txt
layer=(--python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links --quiet
       --custom-compile-command requirements/compile.sh "$@" -c requirements/local.txt)
# The Lambda runtime has boto3 and botocore with what they need: none of it goes into the layer.
runtime=(--no-emit-package boto3 --no-emit-package botocore --no-emit-package s3transfer
         --no-emit-package python-dateutil --no-emit-package six)
"$uv" pip compile "${layer[@]}" "${runtime[@]}" layers/shared/requirements.in -o layers/shared/requirements.txt
"$uv" pip compile "${layer[@]}" layers/spreadsheets/requirements.in -o layers/spreadsheets/requirements.txt
"$uv" pip compile "${layer[@]}" layers/columnar/requirements.in -o layers/columnar/requirements.txt
