# One file, three images: `api` without TensorFlow, `worker` with it, `worker-gpu` with its CUDA build.
ARG PYTHON_VERSION=3.13
FROM python:${PYTHON_VERSION}-slim-trixie AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv

FROM base AS runtime
RUN useradd --no-create-home --home-dir /tmp --uid 10001 cnnservice && mkdir /data && chown cnnservice: /data
ENV PATH=/venv/bin:$PATH CNNSERVICE_DATA_DIR=/data CNNSERVICE_HOST=0.0.0.0
USER cnnservice
VOLUME /data

# Filled from outside by the pip of the base image, so that none is left in it.
FROM base AS build
RUN python -m venv --without-pip /venv
COPY requirements/api.txt requirements/
RUN pip --python /venv/bin/python install --require-hashes -r requirements/api.txt

# The project alone, to be laid over any of the environments: an edit of the source installs no package again.
FROM build AS project
COPY api api
COPY cnnservice cnnservice
COPY worker worker
COPY pyproject.toml README.md ./
RUN pip --python /venv/bin/python install --no-deps --no-build-isolation --root /project .

FROM build AS packages-api
RUN pip --python /venv/bin/python uninstall --yes setuptools

FROM runtime AS api
COPY --from=packages-api /venv /venv
COPY --from=project /project/venv /venv
EXPOSE 8000
CMD ["python", "-m", "api"]

# What is compiled at first use is kept where it may be written when the rest may not.
FROM runtime AS runtime-worker
ENV NUMBA_CACHE_DIR=/tmp/numba CUDA_CACHE_PATH=/tmp/cuda

FROM build AS packages-worker
COPY requirements/run.txt requirements/
RUN pip --python /venv/bin/python install --require-hashes -r requirements/run.txt

FROM runtime-worker AS worker
COPY --from=packages-worker /venv /venv
COPY --from=project /project/venv /venv
CMD ["python", "-m", "worker", "train"]

FROM build AS packages-worker-gpu
COPY requirements/gpu.txt requirements/
RUN pip --python /venv/bin/python install --require-hashes -r requirements/gpu.txt

FROM runtime-worker AS worker-gpu
COPY --from=packages-worker-gpu /venv /venv
COPY --from=project /project/venv /venv
CMD ["python", "-m", "worker", "train.gpu"]
