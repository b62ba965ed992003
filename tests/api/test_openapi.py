"""The OpenAPI document tells a client everything: a summary, an example or schema, and every error."""

from __future__ import annotations

from typing import Any

import httpx
import pytest


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, operation) for path, verbs in document["paths"].items() for verb, operation in verbs.items()]


PROMISED = """
get /healthz
get /readyz
get /metrics
get /v1/datasets
post /v1/datasets
delete /v1/datasets/{name}
get /v1/datasets/{name}
get /v1/datasets/{name}/{split}/images.png
get /v1/datasets/{name}/{split}/{index}.png
get /v1/datasets/{name}/{split}/{index}.json
get /v1/architectures
post /v1/architectures/validate
post /v1/jobs
get /v1/jobs
get /v1/jobs/{job_id}
post /v1/jobs/{job_id}/cancel
delete /v1/jobs/{job_id}
get /v1/jobs/{job_id}/events
get /v1/models/{model_id}
get /v1/models/{model_id}/history.json
get /v1/models/{model_id}/history.csv
get /v1/models/{model_id}/history.png
get /v1/models/{model_id}/history.svg
get /v1/models/{model_id}/layers
get /v1/models/{model_id}/layers/{layer}
get /v1/models/{model_id}/layers/{layer}/filters.png
get /v1/models/{model_id}/layers/{layer}/filters.json
get /v1/models/{model_id}/layers/{layer}/filters.npy
get /v1/models/{model_id}/layers/{layer}/animation.html
get /v1/models/{model_id}/layers/{layer}/animation.gif
get /v1/models/{model_id}/layers/{layer}/animation.webp
get /v1/models/{model_id}/layers/{layer}/values.json
get /v1/models/{model_id}/layers/{layer}/values.png
get /v1/models/{model_id}/layers/{layer}/values.svg
get /v1/models/{model_id}/layers/{layer}/histogram.json
get /v1/models/{model_id}/layers/{layer}/histogram.png
get /v1/models/{model_id}/layers/{layer}/histogram.svg
get /v1/models/{model_id}/layers/{layer}/activations.png
get /v1/models/{model_id}/layers/{layer}/activations.json
get /v1/models/{model_id}/layers/{layer}/activations.npy
get /v1/models/{model_id}/predictions.json
get /v1/attributions
get /v1/attributions/{method}
get /v1/models/{model_id}/attributions/{method}.png
get /v1/models/{model_id}/attributions/{method}.json
get /v1/models/{model_id}/attributions/{method}.npy
post /v1/models/{model_id}/sanity_checks
get /v1/models/{model_id}/sanity_checks.json
get /v1/models/{model_id}/sanity_checks.png
get /v1/models/{model_id}/evaluation.json
get /v1/models/{model_id}/confusion.png
get /v1/models/{model_id}/mistakes.png
get /v1/models/{model_id}/layers/{layer}/maximization.png
get /v1/models/{model_id}/layers/{layer}/maximization.json
get /v1/models/{model_id}/layers/{layer}/maximization.npy
get /v1/models/{model_id}/layers/{layer}/maximization.html
get /v1/models/{model_id}/layers/{layer}/maximization.gif
get /v1/models/{model_id}/layers/{layer}/maximization.webp
get /v1/models/{model_id}/layers/{layer}/top_images.png
get /v1/models/{model_id}/layers/{layer}/top_images.json
get /v1/models/{model_id}/layers/{layer}/embedding.json
get /v1/models/{model_id}/layers/{layer}/embedding.png
get /v1/models/{model_id}/layers/{layer}/embedding.npy
get /v1/models/{model_id}/layers/{layer}/embedding.html
get /v1/models/{model_id}/layers/{layer}/embedding.gif
get /v1/models/{model_id}/layers/{layer}/embedding.webp
get /v1/models/{model_id}/similarity.json
get /v1/models/{model_id}/similarity.png
get /v1/models/{model_id}/similarity.npy
get /v1/computations/{computation_id}
delete /v1/computations/{computation_id}
get /v1/computations/{computation_id}/events
post /v1/tickets
get /v1/compare
get /v1/compare/history.png
get /v1/compare/history.svg
get /v1/models/{model_id}/export
post /v1/images
post /v1/models/{model_id}/activations
post /v1/models/{model_id}/predictions
"""


def test_the_paths_are_those_promised(document: dict[str, Any]) -> None:
    described = {f"{verb} {path}" for path, verb, _ in operations(document)}
    assert described == set(PROMISED.strip().splitlines())


def test_every_operation_has_a_summary_a_description_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = []
    for path, verb, operation in operations(document):
        assert operation["summary"], (verb, path)
        assert operation["description"], (verb, path)
        names.append(operation["operationId"])
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for path, verb, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and path != "/readyz":
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}, (verb, path, status)
    assert document["components"]["schemas"]["Problem"]["properties"].keys() >= {"type", "title", "status", "detail"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [found for value in part.values() for found in references(value)]
        return [found for value in part for found in references(value)] if isinstance(part, list) else []

    found = references(document)
    assert found
    for reference in found:
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_a_job_is_described_with_an_example_and_its_defaults(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["JobSpec"]
    assert schema["required"] == ["dataset"]
    assert schema["properties"]["epochs"]["default"] == 30
    assert schema["additionalProperties"] is False


def test_every_json_answer_and_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    names = set()
    for path, verb, operation in operations(document):
        for part in [*operation["responses"].values(), operation.get("requestBody", {})]:
            schema = part.get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in schema:
                names.add(schema["$ref"].rsplit("/", 1)[1])
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                assert "example" in parameter, (verb, path, parameter["name"])
    assert "JobSpec" in names
    for name in names:
        schema = document["components"]["schemas"][name]
        assert schema["required" if "required" in schema else "properties"], name
        missing = set(schema.get("required", ())) - schema["example"].keys()
        assert not missing, (name, missing)
        assert schema["example"].keys() <= schema["properties"].keys(), name
