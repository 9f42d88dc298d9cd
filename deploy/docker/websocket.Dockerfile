# The websocket service. It keeps nothing on disk.
# Build it from the root of the repository: docker build -f deploy/docker/websocket.Dockerfile -t tandem/websocket .
FROM python:3.11.13-slim-bookworm AS build
RUN ["pip", "install", "--no-cache-dir", "--disable-pip-version-check", "uv==0.13.9"]
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/opt/tandem
WORKDIR /src
COPY pyproject.toml uv.lock ./
COPY backend backend
COPY packages packages
COPY services services
RUN ["uv", "sync", "--frozen", "--no-dev", "--no-editable", "--package", "tandem-websocket"]

FROM python:3.11.13-slim-bookworm
COPY LICENSE /licenses/LICENSE
COPY --from=build /opt/tandem /opt/tandem
ENV PATH=/opt/tandem/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8005
USER 10001:10001
EXPOSE 8005
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "tandem_platform.health_probe"]
ENTRYPOINT ["tandem-websocket"]
