# Installs the real parts that the tests use, PostgreSQL and Chromium, or says what is missing.
set -eu
wanted=()

ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted+=(postgresql)
[ -x "${TANDEM_CHROMIUM:-/usr/bin/chromium}" ] || wanted+=(chromium)
[ ${#wanted[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need ${wanted[*]}. On Debian: sudo apt install ${wanted[*]}" >&2
    exit 1
fi
echo "Installing ${wanted[*]} …"
export DEBIAN_FRONTEND=noninteractive
# A server of the system's own is not wanted; the tests start theirs.
mkdir -p /etc/postgresql-common
grep -qs create_main_cluster /etc/postgresql-common/createcluster.conf \
    || echo "create_main_cluster = false" >>/etc/postgresql-common/createcluster.conf
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${wanted[@]}" >/dev/null
