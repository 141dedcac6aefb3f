#!/bin/sh
# Makes the component: glue from the contract, the module from clang, the component from the module.
set -eu
: "${MORTISE:=mortise}" "${CLANG:=clang}"
"$MORTISE" plugin bindings chunker build/bindings
"$CLANG" --target=wasm32-wasi -mexec-model=reactor -O2 -std=c11 -Wall -Wextra -Ibuild/bindings \
    chunker.c build/bindings/chunker_plugin.c build/bindings/chunker_plugin_component_type.o \
    -Wl,--strip-debug -o build/module.wasm
"$MORTISE" plugin componentize build/module.wasm build/{{name_snake}}.wasm
