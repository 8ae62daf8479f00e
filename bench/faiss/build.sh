#!/bin/sh
# Builds the driver of the peer FAISS (Debian: apt-get install libfaiss-dev libopenblas-dev g++).
# Usage: build.sh [output]
set -e
here=$(cd "$(dirname "$0")" && pwd)
g++ -O3 -march=native -fopenmp -std=c++17 "$here/driver.cpp" -o "${1:-$here/faiss-driver}" -lfaiss -lopenblas -fopenmp
