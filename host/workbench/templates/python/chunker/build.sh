#!/bin/sh
# Makes the component: the script together with a Python interpreter. COMPONENTIZE_PY names the tool where it is already
# installed; otherwise it is installed into `.venv`.
set -eu
if [ -z "${COMPONENTIZE_PY:-}" ]; then
    COMPONENTIZE_PY=.venv/bin/componentize-py
    if [ ! -x "$COMPONENTIZE_PY" ]; then
        python3 -m venv .venv
        .venv/bin/python -m pip install --quiet --requirement requirements.txt
    fi
fi
mkdir -p build
# Without stubs the interpreter would ask for sockets, which no plugin gets.
"$COMPONENTIZE_PY" --quiet -d wit -w chunker-plugin componentize --stub-wasi app -o build/{{name_snake}}.wasm
