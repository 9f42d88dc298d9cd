"""The load balancer."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Final

from tandem_testing.process import Process, free_port

_CONFIGURATION: Final = Template("""
daemon off;
# One process, that ends when it is killed and leaves nobody behind.
master_process off;
pid $folder/nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $folder/body;
    proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi;
    uwsgi_temp_path $folder/uwsgi;
    scgi_temp_path $folder/scgi;
    proxy_http_version 1.1;
    proxy_connect_timeout 1s;
    proxy_set_header Host $$http_host;
    proxy_set_header X-Forwarded-For $$proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $$scheme;
    map $$http_upgrade $$connection_upgrade { default upgrade; "" ""; }
    upstream backends {
$backends
        keepalive 32;
    }
$upstreams
$servers
}
""")
_SERVER: Final = Template("""
    server {
        listen 127.0.0.1:$port;
        location ~ ^/(ws/|status$$) {
            proxy_pass http://$sockets;
            proxy_set_header Upgrade $$http_upgrade;
            proxy_set_header Connection $$connection_upgrade;
            proxy_read_timeout 120s;
        }
        location ~ ^/(api|\\.well-known)/ {
            proxy_pass http://backends;
            proxy_set_header Connection "";
            # A request that a dead backend never saw is asked of another; clients repeat the others themselves (CL9).
            proxy_next_upstream error timeout;
        }
        location / {
            root $pages;
            try_files $$uri $$uri.html $$uri/index.html =404;
        }
    }
""")


class Nginx(Process):
    """One port for everybody, and one for each websocket service, so that a test can choose the replica."""

    def __init__(
        self, folder: Path, backends: Sequence[int], sockets: Sequence[int], pages: Path, port: int | None = None
    ) -> None:
        """Create it.

        Args:
            folder: A folder of its own.
            backends: Their ports.
            sockets: The ports of the websocket services.
            pages: The built frontend.
            port: Everybody's port; a free one if none is given.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port() if port is None else port
        self.replica_ports = [free_port() for _ in sockets]
        upstreams = [_upstream("sockets", sockets), *(_upstream(f"socket{n}", [p]) for n, p in enumerate(sockets))]
        names = ["sockets", *(f"socket{number}" for number in range(len(sockets)))]
        servers = [
            _SERVER.substitute(port=port, sockets=name, pages=pages)
            for port, name in zip([self.port, *self.replica_ports], names, strict=True)
        ]
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.substitute(
                folder=folder,
                backends=_servers(backends),
                upstreams="\n".join(upstreams),
                servers="".join(servers),
            )
        )
        program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "nginx"
        super().__init__("nginx", [program, "-c", str(configuration), "-p", str(folder)], {}, folder)


def _upstream(name: str, ports: Sequence[int]) -> str:
    return f"    upstream {name} {{\n{_servers(ports)}\n    }}"


def _servers(ports: Sequence[int]) -> str:
    return "\n".join(f"        server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
