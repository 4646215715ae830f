# The service as an image: one for the web, the dispatcher and the migrations; docker-compose.yml puts them together.

FROM python:3.11-slim-bookworm AS packages
RUN python -m venv /opt/venv
COPY requirements.lock requirements-build.lock ./
# Before the sources, so that a change of these does not install everything again. Nothing comes in whose hash is not in
# the two files (`make lock`): what is built from sources is built with the setuptools of the second, not with a newer one.
RUN install="/opt/venv/bin/pip install --disable-pip-version-check --no-cache-dir -q --require-hashes --no-deps" \
    && $install --only-binary :all: -r requirements-build.lock \
    && $install --no-build-isolation -r requirements.lock \
    && /opt/venv/bin/pip check

FROM python:3.11-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FLASK_SKIP_DOTENV=1 \
    HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY . .
# All that the service writes: SQLite's file, when no other database is named, into instance/, and into uploads/ the bodies
# that are on their way, up to 1 GiB. Both on disk: a /tmp in memory would have to hold them.
ENV TMPDIR=/app/uploads
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin mailing \
    && mkdir -p instance uploads && chown 10001:10001 instance uploads
VOLUME ["/app/instance", "/app/uploads"]
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/healthz', timeout=4)"]
CMD ["flask", "serve"]
