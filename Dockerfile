# The server and the demo in one image: `docker run rewinddb serve ...`, `docker run rewinddb demo`.
FROM python:3.11-slim

RUN useradd --create-home --uid 10001 rewinddb \
    && install --directory --owner=rewinddb /var/lib/rewinddb /var/cache/rewinddb

WORKDIR /opt/rewinddb
COPY pyproject.toml README.md ./
COPY engine engine
COPY sql sql
COPY server server
RUN pip install --no-cache-dir '.[demo]'

USER rewinddb
WORKDIR /var/lib/rewinddb
ENV REWINDDB_STORE=file:///var/lib/rewinddb \
    REWINDDB_CACHE_DIR=/var/cache/rewinddb \
    REWINDDB_LISTEN=0.0.0.0:5433
EXPOSE 5433
VOLUME ["/var/lib/rewinddb", "/var/cache/rewinddb"]

ENTRYPOINT ["rewinddb"]
CMD ["serve"]
