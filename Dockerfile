# The service as an image: one for the web, the dispatcher and the migrations; docker-compose.yml puts them together.

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /opt/venv
COPY requirements.txt .
# Before the sources, so that a change of these does not install everything again.
RUN /opt/venv/bin/pip install --disable-pip-version-check --no-cache-dir -q -r requirements.txt

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FLASK_SKIP_DOTENV=1 \
    HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
# instance/ is the only place the service writes to: SQLite's file, when no other database is named.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin mailing \
    && mkdir -p instance && chown 10001:10001 instance
VOLUME /app/instance
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/healthz', timeout=4)"]
CMD ["flask", "serve"]
