#!/usr/bin/env bash
# Makes .venv with the pinned packages, and installs the native programs that are missing. Quick when nothing is to do.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where Debian puts mosquitto and nginx, also for those who are not root

fail() { printf 'setup: %s\n' "$*" >&2; exit 2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "this needs root and sudo is not installed; as root, run: $*"; fi
}

# Installing a Debian service package starts the service. The demo runs its own on its own ports, so a temporary policy
# tells the package scripts to start nothing; a policy the machine already has is left alone.
apt_install() {
  command -v apt-get >/dev/null || fail "no apt-get here; install these yourself and run again: $*"
  printf 'setup: installing %s\n' "$*"
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made=1
  fi
  local rc=0
  as_root apt-get update -q >/dev/null || rc=$?
  [ $rc = 0 ] && { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null || rc=$?; }
  [ -n "$made" ] && as_root rm -f "$policy"
  [ $rc = 0 ] || fail "apt-get could not install them; as root, run: apt-get install $*"
}

# program:package, the names of Debian 12 and Ubuntu 24.04
packages=()
for pair in prometheus:prometheus promtool:prometheus prometheus-alertmanager:prometheus-alertmanager \
            amtool:prometheus-alertmanager mosquitto:mosquitto nginx:nginx openssl:openssl htpasswd:apache2-utils \
            containerd:containerd ctr:containerd runc:runc busybox:busybox-static; do
  program=${pair%%:*} package=${pair##*:}
  [ "$program" = prometheus-alertmanager ] && command -v alertmanager >/dev/null && continue
  command -v "$program" >/dev/null || [[ " ${packages[*]} " == *" $package "* ]] || packages+=("$package")
done
[ ${#packages[@]} = 0 ] || apt_install "${packages[@]}"

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$PYTHON is older than 3.11; name a newer one: make PYTHON=python3.12"
stamp=.venv/.setup
want=$(cat pyproject.toml constraints.txt gridobs/__init__.py | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
  "$PYTHON" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  printf 'setup: making .venv\n'
  [ -x .venv/bin/python ] || "$PYTHON" -m venv .venv || fail "could not make .venv with $PYTHON"
  .venv/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]' ||
    fail "pip could not install the packages of constraints.txt; is the package index reachable?"
  printf '%s' "$want" >"$stamp"
fi
