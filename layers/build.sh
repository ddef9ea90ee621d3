#!/bin/sh
# What the Makefiles of the layers and of functions/ share when `sam build` calls them. Everything is
# built for python3.13 on arm64, on any machine: packages are taken as wheels for that target, and the
# bytecode is written by a Python 3.13, because Lambda's disk is read-only and a function without
# .pyc files would compile all of its imports again at every cold start.
#
#   build.sh python313                       prints the path of a Python 3.13 that runs
#   build.sh packages REQUIREMENTS DIRECTORY installs pinned packages, as wheels, without scripts
#   build.sh sources PACKAGE DIRECTORY       copies one of our packages
#   build.sh finish DIRECTORY MOUNTED_AS     compiles, and makes equal input give equal bytes
set -eu
umask 022
root=$(cd "$(dirname "$0")/.." && pwd)

say() { echo "$*" >&2; }

runs_313() {
    [ -n "$1" ] && "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1
}

python313() {
    for candidate in "${PYTHON313:-}" python3.13 python3; do
        if runs_313 "$candidate"; then command -v "$candidate"; return; fi
    done
    # pyenv puts shims on PATH that fail for every version but the chosen ones: look behind them.
    pyenv_roots="${PYENV_ROOT:-} ${HOME:-}/.pyenv $(dirname "$(dirname "$(command -v python3.13 || echo /)")")"
    for pyenv_root in $pyenv_roots; do
        for candidate in "$pyenv_root"/versions/3.13*/bin/python3.13; do
            if runs_313 "$candidate"; then echo "$candidate"; return; fi
        done
    done
    for uv in "$root/.venv/bin/uv" uv; do
        command -v "$uv" >/dev/null 2>&1 || continue
        candidate=$("$uv" python find --no-project 3.13 2>/dev/null || true)
        if runs_313 "$candidate"; then echo "$candidate"; return; fi
        say "No Python 3.13 on this machine: fetching one with uv."
        "$uv" python install --quiet 3.13 >&2 || continue
        candidate=$("$uv" python find --no-project 3.13 2>/dev/null || true)
        if runs_313 "$candidate"; then echo "$candidate"; return; fi
    done
    say "The build needs a Python 3.13 (the functions' runtime) and found none."
    say "Install one, or name one: PYTHON313=/path/to/python3.13 make build"
    return 1
}

python_with_pip() {
    for candidate in "$root/.venv/bin/python" "${PYTHON313:-}" python3.13 python3.12 python3.11 python3; do
        if [ -n "$candidate" ] && "$candidate" -m pip --version >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    say "The build needs pip and found none. Run \`make setup\` first."
    return 1
}

packages() {
    python=$(python_with_pip)
    # The list names every package with its hash, so nothing is resolved here.
    "$python" -m pip install -qq --disable-pip-version-check --no-input --no-compile \
        --no-deps --require-hashes --only-binary=:all: --implementation cp --python-version 3.13 \
        --platform manylinux2014_aarch64 --platform manylinux_2_17_aarch64 \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_34_aarch64 \
        --requirement "$1" --target "$2"
    # Scripts name this machine's interpreter, and RECORD names the scripts.
    rm -rf "$2/bin"
    find "$2" -path '*.dist-info/*' \( -name RECORD -o -name INSTALLER -o -name REQUESTED \
        -o -name direct_url.json \) -exec rm -f {} +
}

sources() {
    mkdir -p "$2"
    cp -R "$1" "$2/"
    find "$2/$(basename "$1")" -name README.md -exec rm -f {} +
}

finish() {
    python=$(python313)
    find "$1" -name __pycache__ -prune -exec rm -rf {} +
    # -s and -p: tracebacks show the path under which Lambda mounts the file.
    PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE= "$python" -m compileall -q \
        --invalidation-mode unchecked-hash -s "$1" -p "$2" "$1"
    # One date for all files: an unchanged function then has an unchanged archive, and is not deployed.
    find "$1" -exec touch -h -t 202001010000 {} +
    chmod -R u+rwX,go+rX,go-w "$1"
}

command=$1
shift
case $command in
    python313 | packages | sources | finish) "$command" "$@" ;;
    *) say "build.sh: no such command: $command"; exit 2 ;;
esac
