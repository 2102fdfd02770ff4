#!/usr/bin/env bash
# Makes a certificate authority and what it signs, as names.csv tells. For tests and small fleets: see --help.
set -euo pipefail
umask 077

readonly SOON=$((30 * 86400)) # seconds before its end at which a certificate is replaced
readonly CA_DAYS=3650 DAYS=397

usage() {
  cat <<'EOF'
Usage: bash issue.sh [--out DIR] [--names FILE] [--force] COMMAND

  ca          make the authority
  hub         the certificate with which the hub pulls
  site ID...  the certificates of these sites
  NAME...     any names of names.csv, such as gridobs-receiver
  --all       everything names.csv tells of

Each lands in DIR/NAME as ca.crt, tls.crt and tls.key, to be copied to /etc/gridobs/tls of that machine. What is there
stays: a certificate is made anew, for the same key, when it ends within 30 days or names.csv says something else of it.

  --out DIR     where to keep them; default ./gridobs-pki
  --names FILE  default names.csv beside this script
  --force       make the key anew too

For tests and small fleets: the authority's key lies in DIR as a file without a password, every private key is made on
this machine, and nothing can be revoked. A fleet in earnest has an authority of its own (cert-manager, step-ca, Vault,
the utility's PKI): keep names.csv as the list of what it shall issue, let each site make its own key and send a request,
and put the three files where these would be.
EOF
}

fail() {
  printf 'issue.sh: %s\n' "$*" >&2
  exit 2
}

# Runs openssl req with the extensions of $1, which come from nowhere else, not even from the system's openssl.cnf.
request() {
  local extensions=$1
  shift
  openssl req -x509 -new -sha256 -config /dev/stdin "$@" <<EOF 2>/dev/null || fail "openssl could not make a certificate"
[req]
distinguished_name = subject
prompt = no
x509_extensions = extensions
[subject]
CN = $name
[extensions]
subjectKeyIdentifier = hash
$extensions
EOF
}

# A key at $1, in place only when it is whole.
new_key() {
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.draft" 2>/dev/null ||
    fail "openssl could not make a key"
  mv "$1.draft" "$1"
}

ensure_ca() {
  local name=gridobs-ca
  [ -s "$out/ca.crt" ] && [ -s "$out/ca.key" ] && return
  [ -s "$out/ca.crt" ] && fail "$out/ca.crt has no key beside it; what it signed would not be trusted any more"
  [ -s "$out/ca.key" ] || new_key "$out/ca.key"
  request $'basicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = critical, keyCertSign, cRLSign' \
    -key "$out/ca.key" -days "$CA_DAYS" -out "$out/ca.crt.draft"
  mv "$out/ca.crt.draft" "$out/ca.crt"
}

issue() {
  local row=$1 name usage sans folder extensions
  IFS=, read -r _ name usage sans <<<"$row"
  folder=$out/${row%%,*}
  mkdir -p "$folder"
  if [ ! -s "$folder/tls.key" ] || [ -n "$force" ]; then
    rm -f "$folder/tls.crt"
    new_key "$folder/tls.key"
  fi
  if [ -s "$folder/tls.crt" ] && [ "$(cat "$folder/issued-for" 2>/dev/null)" = "$row" ] &&
    cmp -s "$out/ca.crt" "$folder/ca.crt" && openssl x509 -in "$folder/tls.crt" -noout -checkend "$SOON" >/dev/null; then
    return
  fi
  case $usage in
    client) extensions=clientAuth ;;
    server) extensions=serverAuth ;;
    *) fail "$names: $row: '$usage' is neither client nor server" ;;
  esac
  extensions="extendedKeyUsage = $extensions"$'\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature'
  extensions+=$'\nauthorityKeyIdentifier = keyid'
  [ -z "$sans" ] || extensions+=$'\nsubjectAltName = '"$sans"
  request "$extensions" -CA "$out/ca.crt" -CAkey "$out/ca.key" -key "$folder/tls.key" -days "$DAYS" \
    -out "$folder/tls.crt.draft"
  cp "$out/ca.crt" "$folder/ca.crt"
  mv "$folder/tls.crt.draft" "$folder/tls.crt"
  printf '%s\n' "$row" >"$folder/issued-for"
  made=$((made + 1))
}

# Every row of names.csv, without its heading.
rows() {
  sed -e 1d -e 's/\r$//' -e '/^$/d' "$names"
}

names=$(dirname "${BASH_SOURCE[0]}")/names.csv
out=gridobs-pki force='' all='' made=0
wanted=()
while [ $# -gt 0 ]; do
  case $1 in
    --out) out=${2:?--out wants a folder} && shift ;;
    --names) names=${2:?--names wants a file} && shift ;;
    --force) force=1 ;;
    --all) all=1 ;;
    -h | --help) usage && exit 0 ;;
    -*) fail "there is no $1; see --help" ;;
    *) wanted+=("$1") ;;
  esac
  shift
done
[ -n "$all" ] || [ ${#wanted[@]} -gt 0 ] || { usage >&2 && exit 2; }
[ -r "$names" ] || fail "$names cannot be read; it is rendered beside this script"
[ "$(openssl version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -ge 3 ] || fail "this wants openssl 3"

mkdir -p "$out"
here=$(cd "$out" && pwd)
while [ "$here" != / ]; do
  [ ! -e "$here/.generated-by-gridobs" ] || fail "gridobs removes from $here what it did not write; name another --out"
  here=$(dirname "$here")
done

ensure_ca
case ${wanted[0]:-} in
  ca) wanted=() ;;
  hub) wanted[0]=gridobs-hub ;;
  site)
    wanted=("${wanted[@]:1}")
    [ ${#wanted[@]} -gt 0 ] || fail "name a site, as in: issue.sh site sub-0001"
    ;;
esac
if [ -n "$all" ]; then
  while IFS= read -r row <&3; do issue "$row"; done 3< <(rows)
fi
for one in "${wanted[@]}"; do
  row=$(rows | awk -F, -v name="$one" '$1 == name') || fail "$names cannot be read"
  [ -n "$row" ] || fail "$names has no '$one'; is it in the inventory?"
  issue "$row"
done
printf 'issue.sh: %d certificates made, in %s\n' "$made" "$out"
