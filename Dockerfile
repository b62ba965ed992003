# One file, two images: `api` without TensorFlow, `worker` with it.
FROM python:3.13-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv

FROM base AS packages-api
COPY requirements/api.txt requirements/
RUN python3 -m venv /venv && /venv/bin/pip install --require-hashes -r requirements/api.txt

FROM packages-api AS packages-worker
COPY requirements/run.txt requirements/
RUN /venv/bin/pip install --require-hashes -r requirements/run.txt

# The project alone, to be laid over either environment: an edit of the source installs no package again.
FROM packages-api AS project
COPY . .
RUN /venv/bin/pip install --no-deps --no-build-isolation --root /project .

FROM base AS runtime
RUN useradd --create-home --uid 10001 cnnservice && mkdir /data && chown cnnservice: /data
ENV PATH=/venv/bin:$PATH CNNSERVICE_DATA_DIR=/data CNNSERVICE_HOST=0.0.0.0
USER cnnservice
VOLUME /data

FROM runtime AS api
COPY --from=packages-api /venv /venv
COPY --from=project /project/venv /venv
EXPOSE 8000
CMD ["python", "-m", "api"]

FROM runtime AS worker
COPY --from=packages-worker /venv /venv
COPY --from=project /project/venv /venv
CMD ["python", "-m", "worker", "train"]
