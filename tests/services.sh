#!/bin/sh
# Installs and starts what the full tests use and a laptop may lack; what is there already stays:
#
#   chromium        for the sandbox's page
#   redis-server    on 127.0.0.1:6399
#   FerretDB        a MongoDB-protocol server on 127.0.0.1:37017, built with Go (tests/services/ferretdb); MONGODB_URL makes it needless
#
# The servers run in the background, with their pid and their data under .services/; `sh tests/services.sh stop` ends them. The tests
# start further ones of their own. What is missing is skipped by name; with REQUIRE_SERVICES=1 it fails.
set -eu
cd "$(dirname "$0")/.."
here="$PWD/.services"
redis_port=6399
ferretdb_port=37017
mkdir -p "$here/bin" "$here/redis" "$here/ferretdb"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing() {
    echo "$1" >&2
    [ -z "${REQUIRE_SERVICES:-}" ] || exit 1
}

running() { # running NAME: whether the server of that name, started by us, lives
    [ -f "$here/$1.pid" ] && kill -0 "$(cat "$here/$1.pid")" 2>/dev/null
}

start() { # start NAME COMMAND...
    name=$1
    shift
    if ! running "$name"; then
        nohup "$@" >"$here/$name.log" 2>&1 </dev/null &
        echo $! >"$here/$name.pid"
        sleep 1
        running "$name" || { cat "$here/$name.log" >&2; missing "$name does not start"; }
    fi
}

if [ "${1:-}" = stop ]; then
    for name in redis ferretdb; do
        if running "$name"; then kill "$(cat "$here/$name.pid")"; fi
        rm -f "$here/$name.pid"
    done
    exit 0
fi

packages=""
command -v chromium >/dev/null 2>&1 || packages="$packages chromium fonts-noto-core"
command -v redis-server >/dev/null 2>&1 || packages="$packages redis-server"
if [ -n "$packages" ]; then
    if command -v apt-get >/dev/null 2>&1; then
        as_root apt-get update -qq
        # shellcheck disable=SC2086 -- several names
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    else
        missing "Install with your system's package manager:$packages"
    fi
fi
if command -v chromium >/dev/null 2>&1; then echo "chromium: $(chromium --version 2>/dev/null | head -1)"; fi

if command -v redis-server >/dev/null 2>&1; then
    start redis redis-server --port $redis_port --bind 127.0.0.1 --dir "$here/redis" --save "" --appendonly no
    echo "redis-server: redis://127.0.0.1:$redis_port"
fi

built="$(cat tests/services/ferretdb/* | cksum)" # of what the server is built from: it is built anew where that has changed
current() { [ -x "$here/bin/ferretdb" ] && [ "$(cat "$here/bin/ferretdb.from" 2>/dev/null)" = "$built" ]; }

if [ -n "${MONGODB_URL:-}" ]; then
    echo "MongoDB: from MONGODB_URL"
elif [ ! -x "$here/bin/ferretdb" ] && ! command -v go >/dev/null 2>&1; then
    missing "Go is missing, so FerretDB cannot be built: install Go 1.24 or newer, or name a server in MONGODB_URL."
else
    if ! current && command -v go >/dev/null 2>&1; then
        echo "Building FerretDB (a minute or two, once) ..."
        if sh tests/services/ferretdb/build.sh "$here/bin/ferretdb"; then
            echo "$built" >"$here/bin/ferretdb.from"
        else
            missing "FerretDB cannot be built."
        fi
    fi
    if [ -x "$here/bin/ferretdb" ]; then
        start ferretdb "$here/bin/ferretdb" 127.0.0.1:$ferretdb_port "$here/ferretdb"
        echo "FerretDB: mongodb://127.0.0.1:$ferretdb_port"
    fi
fi
