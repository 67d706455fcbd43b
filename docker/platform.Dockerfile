# The platform's programs (migrate, api, ingest, worker, import, train, score) in one image: `docker run anju-platform api`.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements/build.txt requirements/platform.txt requirements/
RUN python3 -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python3 -m venv /opt/anju && /opt/anju/bin/pip install --no-cache-dir --require-hashes -r requirements/platform.txt
COPY platform/package.json platform/package-lock.json platform/
RUN PATH="/opt/build/bin:$PATH" npm ci --prefix platform --ignore-scripts --no-audit --no-fund --loglevel=error
COPY contracts contracts
COPY ml ml
COPY platform platform
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels ./contracts ./ml ./platform \
    && /opt/anju/bin/pip install --no-cache-dir --no-deps wheels/*.whl

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --user-group --no-create-home anju
COPY --from=build /opt/anju /opt/anju
COPY --from=build /src/platform/node_modules /opt/assets
COPY docker/with-secrets.sh /usr/local/bin/with-secrets
ENV PATH="/opt/anju/bin:$PATH" ANJU_ASSETS_DIR=/opt/assets PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["/bin/sh", "/usr/local/bin/with-secrets", "anju"]
CMD ["--help"]
