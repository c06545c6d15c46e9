# One image for both roles, the application and its switchboard, and on top of it one to try the whole hotline in. Debian forky
# carries Asterisk 22 (LTS).
#
#   docker build --target service -t vssid-hotline .     # for compose.yaml, which says how the roles are started
#   docker build -t vssid-hotline-demo .                 # everything in one container, to ring with a softphone:
#   docker run --rm --network host --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
#     --security-opt systempaths=unconfined vssid-hotline-demo
#
# (The security options let bubblewrap put each server of the demo into namespaces of its own.)
#
# No secret is needed to build and none is in a layer. Where packages come from is the builder's own configuration; behind a
# proxy that has a certificate of its own: --secret id=pip,src=/etc/pip.conf --secret id=certificates,src=BUNDLE.crt

# --- The package and all it needs, and the prompts -------------------------------------------------------------------------

FROM debian:forky-slim AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates espeak-ng espeak-ng-data libespeak-ng1 python3 python3-venv
WORKDIR /src
# One environment to build with, and one to ship that holds neither pip nor the developers' tools.
RUN python3 -m venv /build && python3 -m venv --without-pip /opt/vssid-hotline
COPY requirements.lock ./
COPY deploy/requirements.lock deploy/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=secret,id=certificates,target=/run/builder.crt \
    if [ -f /run/builder.crt ]; then export PIP_CERT=/run/builder.crt; fi \
 && /build/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --constraint requirements.lock hatchling \
 && /build/bin/pip --python /opt/vssid-hotline/bin/python install --no-cache-dir --only-binary :all: --require-hashes \
      --no-deps --requirement deploy/requirements.lock
COPY . .
RUN /build/bin/python -m hatchling build --target wheel --directory /build/dist \
 && /build/bin/pip --python /opt/vssid-hotline/bin/python install --no-cache-dir --no-index --no-deps /build/dist/*.whl \
 && HOTLINE_VOICE__SOUNDS=/var/lib/vssid-hotline/sounds /opt/vssid-hotline/bin/hotline sounds build

# --- The two roles -----------------------------------------------------------------------------------------------------------

FROM debian:forky-slim AS service
# Of a newer major version than 22 nothing here was tried: then this fails, and somebody looks. Debian's configuration and English
# prompts are left out; where a recording would go is a file.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      'asterisk=1:22.*' 'asterisk-modules=1:22.*' hunspell-vi python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/*.log \
      /etc/asterisk /usr/share/asterisk/sounds /var/spool/asterisk/* \
 && touch /var/spool/asterisk/recording \
 && useradd --uid 10001 --home-dir /home/hotline --create-home --shell /usr/sbin/nologin hotline \
 && install --directory --owner hotline --group hotline --mode 0700 /run/vssid-hotline /run/vssid-hotline/spoken /run/asterisk \
 && chown -R hotline:hotline /var/lib/asterisk
COPY --from=build /opt/vssid-hotline /opt/vssid-hotline
COPY --from=build /var/lib/vssid-hotline/sounds /var/lib/vssid-hotline/sounds
COPY dialplan /etc/asterisk
COPY deploy/container/logger.conf /etc/asterisk/
COPY deploy/container/site /etc/asterisk/site
COPY --chmod=0755 deploy/container/health deploy/container/keys /usr/local/bin/
ENV PATH=/opt/vssid-hotline/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    HOTLINE_VOICE__SOUNDS=/var/lib/vssid-hotline/sounds \
    HOTLINE_VOICE__SECRETS=/run/vssid-hotline/spoken \
    HOTLINE_CONSOLE__ENABLED=true
USER hotline
WORKDIR /home/hotline
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["health"]
# The other role is `asterisk -f`.
CMD ["hotline", "serve"]

# --- To try it: a softphone's sound files, a PostgreSQL in a wheel, the pencil for pictures -------------------------------------

FROM build AS demo-build
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    --mount=type=secret,id=certificates,target=/run/builder.crt \
    if [ -f /run/builder.crt ]; then export PIP_CERT=/run/builder.crt; fi \
 && /build/bin/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project'] \
      ['optional-dependencies']['demo'], sep='\n')" > /build/demo.txt \
 && /build/bin/pip --python /opt/vssid-hotline/bin/python install --no-cache-dir --only-binary :all: --require-hashes \
      --constraint requirements.lock --requirement /build/demo.txt

FROM service AS demo
USER root
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      baresip-core bubblewrap espeak-ng espeak-ng-data fonts-dejavu-core libespeak-ng1 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=demo-build /opt/vssid-hotline /opt/vssid-hotline
USER hotline
ENV HOTLINE_CONSOLE__ENABLED=false
HEALTHCHECK NONE
CMD ["hotline", "run"]
