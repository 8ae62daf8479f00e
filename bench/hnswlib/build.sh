#!/bin/sh
# Compiles the driver against Debian's libhnswlib-dev (apt-get install libhnswlib-dev g++), or against headers in $HNSWLIB.
# Usage: build.sh OUTPUT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "${CXX:-g++}" -std=c++17 -O3 -march=native -DNDEBUG -pthread ${HNSWLIB:+-I"$HNSWLIB"} "$here/driver.cpp" -o "${1:-hnswlib-driver}"
