"""The load balancer, and the server of the pages behind it."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Final

from tandem.content_security_policy import content_security_policy
from tandem_testing.certificates import CertificateFiles
from tandem_testing.daprd import ROOT
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
    # Of one level only: a place that sets one header of its own inherits none.
    proxy_set_header Host $$http_host;
    proxy_set_header X-Forwarded-For $$proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $$scheme;
    proxy_set_header Upgrade $$http_upgrade;
    proxy_set_header Connection $$connection_upgrade;
    map $$http_upgrade $$connection_upgrade { default upgrade; "" ""; }
    upstream backends {
$backends
        keepalive 32;
    }
$upstreams
$servers
    # For the websocket services' sidecars alone.
    server {
        listen 127.0.0.1:$inside;
        location / {
            proxy_pass http://backends;
        }
    }
}
""")
_SERVER: Final = Template("""
    server {
        listen 127.0.0.1:$port$listening
        location ~ ^/(ws/|status$$) {
            proxy_pass http://$sockets;
            proxy_read_timeout 120s;
        }
        location ~ ^/(api|\\.well-known)/ {
            proxy_pass http://backends;
            # A request that a dead backend never saw is asked of another; clients repeat the others themselves (CL9).
            proxy_next_upstream error timeout;
        }
        location / {
            proxy_pass http://127.0.0.1:$pages;
        }
    }
""")
_TLS: Final = Template(""" ssl;
        ssl_certificate $file;
        ssl_certificate_key $key;
        ssl_protocols TLSv1.2 TLSv1.3;
        # Who has typed http is sent to https.
        error_page 497 =308 https://$$http_host$$request_uri;""")


class PageServer(Process):
    """The frontend's image without the image: its own configuration, with other paths and another port."""

    def __init__(self, folder: Path, pages: Path) -> None:
        """Create it; nothing runs yet.

        Args:
            folder: A folder of its own.
            pages: The built frontend.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        policies = {path.name: content_security_policy(path.read_text("utf-8")) for path in pages.glob("*.html")}
        (folder / "policies.conf").write_text("".join(f'/{name} "{policy}";\n' for name, policy in policies.items()))
        text = (ROOT / "deploy" / "docker" / "nginx.conf").read_text()
        text = text.replace("/tmp/", f"{folder}/").replace("/usr/share/tandem", str(pages))  # noqa: S108 - the image's
        text = text.replace("listen 8080", f"listen 127.0.0.1:{self.port}")
        text = text.replace("include mime.types", "include /etc/nginx/mime.types")
        (folder / "nginx.conf").write_text(f"daemon off;\nmaster_process off;\n{text}")
        super().__init__("pages", _command(folder), {}, folder)


class Balancer(Process):
    """One port for everybody, and one for each websocket service, so that a test can choose the replica."""

    def __init__(
        self,
        folder: Path,
        backends: Sequence[int],
        sockets: Sequence[int],
        pages: int,
        port: int | None = None,
        certificate: CertificateFiles | None = None,
    ) -> None:
        """Create it.

        Args:
            folder: A folder of its own.
            backends: Their ports.
            sockets: The ports of the websocket services.
            pages: The port of the pages' server.
            port: Everybody's port; a free one if none is given.
            certificate: For https and wss; http and ws if none is given.
        """
        folder.mkdir(parents=True, exist_ok=True)
        listening = ";" if certificate is None else _TLS.substitute(file=certificate.certificate, key=certificate.key)
        self.port = free_port() if port is None else port
        self.inside_port = free_port()
        """Where the backends answer what is not for the outside."""
        self.replica_ports = [free_port() for _ in sockets]
        upstreams = [_upstream("sockets", sockets), *(_upstream(f"socket{n}", [p]) for n, p in enumerate(sockets))]
        names = ["sockets", *(f"socket{number}" for number in range(len(sockets)))]
        servers = [
            _SERVER.substitute(port=port, listening=listening, sockets=name, pages=pages)
            for port, name in zip([self.port, *self.replica_ports], names, strict=True)
        ]
        configuration = folder / "nginx.conf"
        configuration.write_text(
            _CONFIGURATION.substitute(
                folder=folder,
                backends=_servers(backends),
                upstreams="\n".join(upstreams),
                servers="".join(servers),
                inside=self.inside_port,
            )
        )
        super().__init__("nginx", _command(folder), {}, folder)


def _command(folder: Path) -> list[str]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or "nginx"
    return [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def _upstream(name: str, ports: Sequence[int]) -> str:
    return f"    upstream {name} {{\n{_servers(ports)}\n    }}"


def _servers(ports: Sequence[int]) -> str:
    return "\n".join(f"        server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports)
