#!/bin/sh
# Makes what compose.yaml needs and no repository may hold: .env, and in secrets/ passwords, tokens, keys and a small CA
# with certificates for PostgreSQL and Redis. What is there stays, so it may be run again: certificates are made anew
# after `rm secrets/*.crt`. Needs openssl.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets/keys caddy backup data

secret() { openssl rand -hex 32; }

# The containers run as the user who runs this, so that the files here stay that user's; never as root.
user="$(id -u):$(id -g)"
[ "$(id -u)" -ne 0 ] || user=10001:10001
[ -e .env ] || cat >.env <<EOF
TANDEM_USER=$user
# The name under which people reach Tandem, and the ports for it.
TANDEM_HOST=localhost
HTTPS_PORT=443
HTTP_PORT=80
# \`internal\`: certificates by a CA of Caddy's own. An email address: by Let's Encrypt, for a public name.
TANDEM_TLS=internal
# For how many seconds browsers shall use https alone for this name; 31536000 when it is to stay so.
TANDEM_HSTS_SECONDS=0
# Whether anybody who reaches Tandem may make an account: open or closed.
TANDEM_REGISTRATION=open
# Addresses of the network between Caddy and Tandem; another range if this one is taken.
TANDEM_SUBNET=172.30.250.0/24
EOF

if [ ! -e secrets/backend.env ]; then
    database=$(secret) redis=$(secret)
    tokens="TANDEM_EVENT_KEYS=first:$(secret)
TANDEM_INTERNAL_TOKEN=$(secret)"
    dapr="DAPR_API_TOKEN=$(secret)
APP_API_TOKEN=$(secret)"
    printf %s "$database" >secrets/postgres-password
    printf 'requirepass %s\n' "$redis" >secrets/redis-password.conf
    printf '{"redis": {"host": "redis:6379", "password": "%s", "tls": "true"}}\n' "$redis" >secrets/dapr.json
    printf '%s\n' "$dapr" >secrets/sidecar.env
    printf '%s\n' "$tokens" "$dapr" >secrets/websocket.env
    printf '%s\n' "$tokens" "$dapr" "DATABASE_URL=postgresql://tandem:$database@postgres/tandem?sslmode=verify-full&sslrootcert=/run/secrets/ca.crt" \
        >secrets/backend.env
fi

# Who has these can sign in as anybody.
[ -e secrets/keys/refresh.key ] || openssl rand 32 >secrets/keys/refresh.key
set -- secrets/keys/signing-*.pem
[ -e "$1" ] || openssl genpkey -algorithm ed25519 -out secrets/keys/signing-0.pem

if [ ! -e secrets/ca.crt ]; then
    # The CA's key is thrown away when it has signed both, so nobody can take it.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    new_key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl req -x509 $new_key -keyout "$work/ca.key" -out "$work/ca.crt" -days 3650 \
        -subj "/CN=Tandem's own CA" -addext keyUsage=critical,keyCertSign 2>/dev/null
    for name in postgres redis; do
        openssl req $new_key -keyout "secrets/$name.key" -out "$work/$name.csr" -subj "/CN=$name" 2>/dev/null
        printf '%s\n' "subjectAltName=DNS:$name,IP:127.0.0.1" extendedKeyUsage=serverAuth keyUsage=critical,digitalSignature \
            basicConstraints=critical,CA:FALSE subjectKeyIdentifier=hash authorityKeyIdentifier=keyid >"$work/extensions"
        openssl x509 -req -in "$work/$name.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
            -days 3650 -extfile "$work/extensions" -out "secrets/$name.crt" 2>/dev/null
    done
    cp "$work/ca.crt" secrets/ca.crt
fi

[ "$(id -u)" -ne 0 ] || chown -R 10001:10001 secrets caddy backup data
echo "Ready: docker compose up --build --detach --wait"
