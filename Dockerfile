# Doorstep in a container: the locked requirements, a user without rights, the data in /data (SQLite) or elsewhere (MongoDB).
FROM python:3.11-slim-bookworm AS built
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

# The hot modules as machine code, with what only compiling needs in an environment that stays behind. See docs/performance.md.
FROM python:3.11-slim-bookworm AS compiled
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock requirements-fast.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements-fast.lock
COPY pyproject.toml ./
COPY commands commands
COPY flows flows
COPY engine engine
COPY adapters adapters
COPY bot bot
COPY storage storage
RUN /venv/bin/python -m commands.compiling

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app doorstep && mkdir /data && chown doorstep /data
COPY --from=built /venv /venv
WORKDIR /app
COPY run.py config.yaml ./
COPY commands commands
COPY flows flows
COPY engine engine
COPY adapters adapters
COPY bot bot
COPY storage storage
COPY --from=compiled /app/.compiled .compiled
USER doorstep
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
# SIGTERM is the graceful stop: no new request, what is on the wire is settled (up to 20 s), then the end.
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "run.py", "--config", "/config/config.yaml"]
CMD ["serve"]
