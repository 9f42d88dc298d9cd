# All of Tandem in one process: `tandem serve` with SQLite in /data.
# Build it from the root of the repository: docker build -f deploy/docker/tandem.Dockerfile -t tandem/tandem .
FROM node:22.20.0-bookworm-slim AS pages
ENV NEXT_TELEMETRY_DISABLED=1
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json ./
RUN ["npm", "install", "--no-save", "--no-audit", "--no-fund"]
COPY frontend ./
RUN ["npm", "run", "build"]

FROM python:3.11.13-slim-bookworm AS build
RUN ["pip", "install", "--no-cache-dir", "--disable-pip-version-check", "uv==0.13.9"]
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PROJECT_ENVIRONMENT=/opt/tandem
WORKDIR /src
COPY pyproject.toml uv.lock ./
COPY backend backend
COPY packages packages
COPY services services
RUN ["uv", "sync", "--frozen", "--no-dev", "--no-editable", "--package", "tandem"]

FROM python:3.11.13-slim-bookworm
COPY LICENSE /licenses/LICENSE
COPY --from=build /opt/tandem /opt/tandem
COPY --from=pages /src/out /opt/frontend
# Writable for the programs' user, whatever volume is laid over it; everything else may be read-only.
RUN ["install", "-d", "-o", "10001", "-g", "10001", "-m", "0700", "/data"]
ENV PATH=/opt/tandem/bin:$PATH PYTHONUNBUFFERED=1 HOST=0.0.0.0 PORT=8000 TANDEM_DATA_DIR=/data TANDEM_FRONTEND_DIR=/opt/frontend
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "tandem_platform.health_probe"]
ENTRYPOINT ["tandem", "serve"]
