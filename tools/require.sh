# Says in one line each what this machine lacks to set Tandem up.
set -eu
missing=0

need() {
    echo "Tandem needs $1. $2" >&2
    missing=1
}

if ! command -v python3 >/dev/null || ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    need "Python 3.11 or newer" "On Debian or Ubuntu: apt install python3 python3-venv"
elif ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    need "Python's venv module" "On Debian or Ubuntu: apt install python3-venv"
fi
if ! command -v node >/dev/null || ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    need "Node.js 20 or newer" "See https://nodejs.org/en/download"
elif ! command -v npm >/dev/null; then
    need "npm" "It comes with Node.js; on Debian: apt install npm"
fi
exit $missing
