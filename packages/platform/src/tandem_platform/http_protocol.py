"""uvicorn's HTTP protocol, mended for the end of a server whose clients do not say goodbye."""

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_SHUTDOWN_SECONDS: Final = 1.0


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection of uvicorn."""

    def shutdown(self) -> None:
        """End an idle connection, with an end to the waiting.

        Under TLS the other side is to answer the goodbye. A client that keeps a connection for later does not look.
        """
        super().shutdown()
        self.loop.call_later(_SHUTDOWN_SECONDS, self._abort_if_closing)

    def _abort_if_closing(self) -> None:
        if self.transport.is_closing():
            self.transport.abort()
