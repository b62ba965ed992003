"""The OpenAPI document tells a client everything: a summary, an example or schema, and every error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cnnservice.attributions.registry import METHODS
from cnnservice.drawing.colormaps import COLORMAPS
from cnnservice.specs.architecture import summarize
from cnnservice.specs.presets import PRESETS, preset
from contract import Contract


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


@pytest.fixture(scope="module")
def contract(document: dict[str, Any]) -> Contract:
    return Contract(document)


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, verb, operation) for path, verbs in document["paths"].items() for verb, operation in verbs.items()]


PROMISED = """
get /
get /healthz
get /readyz
get /metrics
get /v1/datasets
post /v1/datasets
delete /v1/datasets/{name}
get /v1/datasets/{name}
get /v1/datasets/{name}/{split}/images.png
get /v1/datasets/{name}/{split}/images.json
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
post /v1/sweeps
get /v1/sweeps
get /v1/sweeps/{sweep_id}
post /v1/sweeps/{sweep_id}/cancel
delete /v1/sweeps/{sweep_id}
get /v1/sweeps/{sweep_id}/history.png
get /v1/sweeps/{sweep_id}/history.svg
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
get /v1/models/{model_id}/input.png
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
get /v1/session
post /v1/session
delete /v1/session
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


VERBS = (
    "animate", "begin", "cancel", "check", "compare", "compute", "create", "delete", "draw", "export", "get", "list",
    "stream", "upload", "validate",
)  # fmt: skip
# What a file's ending says of the method: JSON is what is got without a word.
DONE = {
    "json": ("get", ""), "npy": ("get", "_npy"), "csv": ("get", "_csv"), "png": ("draw", "_png"),
    "svg": ("draw", "_svg"), "html": ("animate", "_html"), "gif": ("animate", "_gif"), "webp": ("animate", "_webp"),
}  # fmt: skip


def test_every_operation_has_a_summary_a_description_and_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = []
    for path, verb, operation in operations(document):
        assert operation["summary"], (verb, path)
        assert operation["description"], (verb, path)
        names.append(operation["operationId"])
    assert len(set(names)) == len(names)


def test_operation_ids_read_as_method_names(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        name = operation["operationId"]
        assert name.isidentifier(), name
        assert name == name.lower(), name
        assert name.split("_")[0] in VERBS, name
        ending = path.rsplit("/", 1)[1].rpartition(".")[2]
        if ending in DONE:
            verb, suffix = DONE[ending]
            assert name.startswith(f"{verb}_"), (path, name)
            assert name.endswith(suffix), (path, name)


def test_every_error_names_the_types_of_problem_that_it_can_be(contract: Contract) -> None:
    for operation in contract.operations:
        for status, response in operation.described["responses"].items():
            if status.startswith(("4", "5")) and "application/json" not in response["content"]:
                told = contract.problem_types(operation, status)
                assert told, (operation.name, status)
                for name in told.values():
                    assert contract.schemas[name]["properties"]["status"] == {"type": "integer", "const": int(status)}
        assert "/problems/internal" in contract.problem_types(operation, "500"), operation.name


def test_the_problem_of_any_operation_is_one_of_the_union(contract: Contract) -> None:
    mapping = contract.schemas["Problem"]["discriminator"]["mapping"]
    for operation in contract.operations:
        for status in operation.described["responses"]:
            for uri, name in contract.problem_types(operation, status).items():
                assert mapping[uri] == f"#/components/schemas/{name}"


def test_every_union_is_told_apart_by_a_field_that_is_required(contract: Contract) -> None:
    named = {name: schema for name, schema in contract.schemas.items() if "discriminator" in schema}
    assert named.keys() >= {"AnyLayer", "AnyLayerAnswer", "AnyOptimizer", "AnySchedule", "JobEvent", "Problem"}
    for name, union in named.items():
        tag, mapping = union["discriminator"]["propertyName"], union["discriminator"]["mapping"]
        assert {option["$ref"] for option in union["oneOf"]} == set(mapping.values()), name
        for value, reference in mapping.items():
            member = contract.schemas[reference.rsplit("/", 1)[1]]
            assert tag in member["required"], (name, value)
            field = member["properties"][tag]
            assert value in field.get("enum", [field.get("const")]), (name, value)


def test_streams_are_of_events_told_apart_by_their_name(contract: Contract) -> None:
    kinds = {"JobEvent": {"status", "batch", "epoch", "end"}, "ComputationEvent": {"status", "progress", "end"}}
    streams = set()
    for operation in contract.operations:
        content = operation.described["responses"].get("200", {}).get("content", {})
        if "text/event-stream" in content:
            name = content["text/event-stream"]["schema"]["$ref"].rsplit("/", 1)[1]
            streams.add(name)
            assert contract.schemas[name]["discriminator"]["propertyName"] == "event"
            assert contract.schemas[name]["discriminator"]["mapping"].keys() == kinds[name]
    assert streams == kinds.keys()


def test_nothing_is_of_any_type_whatever(contract: Contract) -> None:
    # Settings of any kind, and JSON Schema itself.
    known = {
        "ComputationAnswer/arguments", "Difference/values", "MethodAnswer/parameters", "TrialAnswer/values",
        "ParameterValues/values",
    }  # fmt: skip

    def holes(schema: Any, place: str) -> Iterator[str]:
        if not isinstance(schema, dict) or not schema.keys() & {
            "type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "prefixItems",
        }:  # fmt: skip
            yield place
            return
        if schema.get("type") == "array" and not schema.keys() & {"items", "prefixItems"}:
            yield place
        if schema.get("type") == "object" and not schema.keys() & {
            "properties", "additionalProperties", "patternProperties",
        }:  # fmt: skip
            yield place
        for name, field in schema.get("properties", {}).items():
            yield from holes(field, f"{place}/{name}")
        for option in [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("prefixItems", ())]:
            yield from holes(option, place)
        for inside in ("items", "additionalProperties"):
            if schema.get(inside, False) is not False:
                yield from holes(schema[inside], place)

    found = {hole for name, schema in contract.schemas.items() for hole in holes(schema, name)}
    assert found == known
    for operation in contract.operations:
        for status, response in operation.described["responses"].items():
            assert status in ("204", "304") or response["content"], (operation.name, status)
            for media_type, content in response.get("content", {}).items():
                assert not list(holes(content["schema"], media_type)), (operation.name, media_type)


def test_a_client_need_not_send_what_has_a_default_and_may_rely_on_it_in_the_answer(contract: Contract) -> None:
    assert contract.schemas["JobSpec"]["required"] == ["dataset"]
    assert set(contract.schemas["JobSpecAnswer"]["required"]) == contract.schemas["JobSpec"]["properties"].keys()
    assert set(contract.schemas["Conv2D"]["required"]) == {"type", "filters", "kernel_size"}
    assert set(contract.schemas["Conv2DAnswer"]["required"]) == contract.schemas["Conv2D"]["properties"].keys()


def test_closed_lists_are_enumerations(contract: Contract) -> None:
    schemas = contract.schemas
    (draw,) = [operation for operation in contract.operations if operation.name == "draw_filters_png"]
    query = {parameter["name"]: parameter["schema"] for parameter in draw.described["parameters"]}
    assert query["cmap"]["enum"] == list(COLORMAPS)
    assert query["normalize"]["enum"] == ["each", "layer", "symmetric"]
    assert set(schemas["LayerAnswer"]["properties"]["type"]["enum"]) == {
        *schemas["AnyLayer"]["discriminator"]["mapping"]
    }
    assert schemas["JobSpec"]["properties"]["architecture"]["oneOf"][0]["enum"] == list(PRESETS)
    assert schemas["SanityCheckBody"]["properties"]["methods"]["items"]["enum"] == list(METHODS)


@pytest.mark.parametrize("name", PRESETS)
def test_every_layer_of_a_preset_is_of_a_type_that_answers_can_have(contract: Contract, name: str) -> None:
    types = contract.schemas["LayerAnswer"]["properties"]["type"]["enum"]
    made_for = PRESETS[name].made_for
    assert {layer.type for layer in summarize(preset(name, made_for, 10), made_for).layers} <= set(types)


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


def test_every_body_answer_and_parameter_has_an_example_that_fits(contract: Contract) -> None:
    for operation in contract.operations:
        for parameter in operation.described.get("parameters", ()):
            faults = contract.faults(parameter["schema"], parameter["example"])
            assert not faults, (operation.name, parameter["name"], faults)
        for part in [*operation.described["responses"].values(), operation.described.get("requestBody", {})]:
            for media_type, content in part.get("content", {}).items():
                if media_type not in ("application/json", "application/problem+json", "multipart/form-data"):
                    continue
                for option in content["schema"].get("oneOf", [content["schema"]]):
                    name = option.get("$ref", "").rsplit("/", 1)[-1]
                    example = content["example"] if "example" in content else contract.schemas[name]["example"]
                    faults = contract.faults(option, example)
                    assert not faults, (operation.name, media_type, name, faults)


def test_what_is_given_again_by_its_etag_tells_so(contract: Contract) -> None:
    for operation in contract.operations:
        headers = {parameter["name"] for parameter in operation.described.get("parameters", ())}
        conditional = "304" in operation.described["responses"]
        assert ("If-None-Match" in headers) == conditional, operation.name
        if conditional:
            assert "ETag" in operation.described["responses"]["200"]["headers"], operation.name
