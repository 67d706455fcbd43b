# The box of a community: gateway, edge agents and contracts, nothing else. Its configuration is /etc/anju/gateway.toml,
# its outbox is in the volume /var/lib/anju, accounts for the box's own broker may be in /var/lib/anju-box.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements/build.txt requirements/gateway.txt requirements/
RUN python3 -m venv /opt/build && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
    && python3 -m venv /opt/anju && /opt/anju/bin/pip install --no-cache-dir --require-hashes -r requirements/gateway.txt
COPY contracts contracts
COPY edge_agent edge_agent
COPY gateway gateway
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels ./contracts ./edge_agent ./gateway \
    && /opt/anju/bin/pip install --no-cache-dir --no-deps wheels/*.whl

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --user-group --no-create-home anju && install -d -o anju -g anju /var/lib/anju /var/lib/anju-box /etc/anju
COPY --from=build /opt/anju /opt/anju
ENV PATH="/opt/anju/bin:$PATH" PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/anju
VOLUME /var/lib/anju
ENTRYPOINT ["anju-gateway"]
CMD ["run", "/etc/anju/gateway.toml"]
