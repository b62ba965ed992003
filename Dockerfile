# One file, two images: `api` without TensorFlow, `worker` with it.
FROM python:3.13-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv

# Everything that needs pip and a build backend happens here; the images below take the finished environments alone.
FROM base AS build-api
COPY requirements/api.txt requirements/
RUN python3 -m venv /venv && /venv/bin/pip install --require-hashes -r requirements/api.txt
COPY pyproject.toml README.md ./
COPY api api
COPY worker worker
COPY cnnservice cnnservice
RUN /venv/bin/pip install --no-deps --no-build-isolation . && /venv/bin/python -m compileall -q /venv/lib

FROM build-api AS build-worker
COPY requirements/run.txt requirements/
RUN /venv/bin/pip install --require-hashes -r requirements/run.txt && /venv/bin/python -m compileall -q /venv/lib

FROM base AS runtime
RUN useradd --system --create-home --uid 10001 cnnservice && mkdir /data && chown cnnservice /data
ENV PATH=/venv/bin:$PATH CNNSERVICE_DATA_DIR=/data CNNSERVICE_HOST=0.0.0.0
USER cnnservice
VOLUME /data

FROM runtime AS api
COPY --from=build-api /venv /venv
EXPOSE 8000
CMD ["python", "-m", "api"]

FROM runtime AS worker
COPY --from=build-worker /venv /venv
CMD ["python", "-m", "worker", "train"]
