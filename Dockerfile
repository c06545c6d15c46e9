# The whole hotline in one image: Debian forky carries Asterisk 22 (LTS). Addresses of package servers, proxies and
# certificates are the builder's own configuration; no secret is needed to build and none is in a layer.
#
#   docker build -t vssid-hotline .
#   docker run --rm --network host --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
#     --security-opt systempaths=unconfined vssid-hotline
#
# The security options let bubblewrap put each server into namespaces of its own, as the unprivileged user below.

FROM debian:forky-slim AS build
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv
WORKDIR /src
# One environment to build with, and one to ship that holds neither pip nor the developers' tools.
RUN python3 -m venv /build && python3 -m venv --without-pip /opt/hotline
COPY pyproject.toml requirements.lock ./
# The lock as constraints: only what is named here and what that needs, each in the locked version with its hash checked.
RUN /build/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --constraint requirements.lock hatchling \
 && /build/bin/python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
      print(*p['dependencies'], *p['optional-dependencies']['demo'], sep='\n')" > /build/needs.txt \
 && /build/bin/pip --python /opt/hotline/bin/python install --no-cache-dir --only-binary :all: --require-hashes \
      --constraint requirements.lock --requirement /build/needs.txt
COPY . .
RUN /build/bin/python -m hatchling build --target wheel --directory /build/dist \
 && /build/bin/pip --python /opt/hotline/bin/python install --no-cache-dir --no-index --no-deps /build/dist/*.whl

FROM debian:forky-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      asterisk asterisk-modules baresip-core bubblewrap espeak-ng espeak-ng-data fonts-dejavu-core hunspell-vi libespeak-ng1 python3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 --shell /usr/sbin/nologin hotline
COPY --from=build /opt/hotline /opt/hotline
ENV PATH=/opt/hotline/bin:$PATH PYTHONUNBUFFERED=1
USER hotline
WORKDIR /home/hotline
ENTRYPOINT ["hotline"]
CMD ["run"]
