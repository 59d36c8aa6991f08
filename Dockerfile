# Doorstep in a container: the locked requirements, a user without rights, the data in /data (SQLite) or elsewhere (MongoDB).
FROM python:3.11-slim-bookworm AS built
WORKDIR /app
COPY requirements.lock .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

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
