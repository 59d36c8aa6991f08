#!/bin/sh
# Installs and starts what the full tests use and a laptop may lack: today a Chromium for the sandbox's page.
# Without it those tests are skipped by name; with REQUIRE_SERVICES=1 they fail.
set -eu
if command -v chromium >/dev/null 2>&1; then
    echo "chromium: $(chromium --version 2>/dev/null | head -1)"
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Install Chromium with your system's package manager, so that the tests of the page can run." >&2
    exit 1
fi
run=""
[ "$(id -u)" = 0 ] || run="sudo"
$run apt-get update -qq
DEBIAN_FRONTEND=noninteractive $run apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null
echo "chromium: $(chromium --version 2>/dev/null | head -1)"
