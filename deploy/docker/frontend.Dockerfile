# The frontend: static files, served by nginx with the headers that `tandem serve` gives them.
# Build it from the root of the repository: docker build -f deploy/docker/frontend.Dockerfile -t tandem/frontend .
FROM node:22.20.0-bookworm-slim AS pages
ENV NEXT_TELEMETRY_DISABLED=1
WORKDIR /src
COPY frontend/package.json frontend/package-lock.json ./
RUN ["npm", "install", "--no-save", "--no-audit", "--no-fund"]
COPY frontend ./
RUN ["npm", "run", "build"]

# Each page's policy names the hashes of its own inline scripts.
FROM python:3.11.13-slim-bookworm AS policies
WORKDIR /src
COPY packages/tandem/src/tandem/__init__.py packages/tandem/src/tandem/content_security_policy.py tandem/
COPY deploy/docker/nginx_policies.py ./
COPY --from=pages /src/out out
RUN ["python", "nginx_policies.py", "out", "policies.conf"]

FROM nginxinc/nginx-unprivileged:1.28.0-alpine
COPY LICENSE /licenses/LICENSE
COPY deploy/docker/nginx.conf /etc/nginx/nginx.conf
COPY --from=policies /src/policies.conf /etc/nginx/policies.conf
COPY --from=pages /src/out /usr/share/tandem
USER 101:101
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["nginx", "-g", "daemon off;"]
