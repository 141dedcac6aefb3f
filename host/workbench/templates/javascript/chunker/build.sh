#!/bin/sh
# Makes the component. What package.json names is installed first, unless `node_modules` is here already.
set -eu
if [ ! -e node_modules ]; then
    npm install --silent --no-package-lock --no-audit --no-fund
fi
node build.mjs
