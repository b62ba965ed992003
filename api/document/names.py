"""Names of schemas, as a person would give them."""

from __future__ import annotations

from api.document.walk import REFERENCE, Document, name_of, schemas_in

# FastAPI's endings for what is both sent and answered. An answer has what the request left out.
_ENDINGS = {"-Input": "", "-Output": "Answer"}
# Forms have no model of their own.
_FORMS = {"Body_upload_dataset": "DatasetUpload", "Body_upload_image": "ImageUpload"}
# Unions that stand in many places, each known by one of its kinds.
_UNIONS = {
    "conv2d": "AnyLayer",
    "sgd": "AnyOptimizer",
    "cosine_decay": "AnySchedule",
    "mobilenet_v2": "AnyApplication",
    "categorical_focal_crossentropy": "AnyLoss",
    "truncated_normal": "AnyInitializer",
    "l1_l2": "AnyRegularizer",
    "grid": "AnySearch",
}


def rename(document: Document) -> None:
    """Give each schema its name, and leave out titles, which only say the names of fields again."""
    schemas = document["components"]["schemas"]
    new = {name: _renamed(name) for name in schemas}
    for name, schema in schemas.items():
        if name.endswith("-Output"):
            # What is answered is whole: nothing is left to a default.
            for field in schema["properties"].values():
                field.pop("default", None)
    document["components"]["schemas"] = {new[name]: schema for name, schema in schemas.items()}
    for schema in schemas_in({"paths": document["paths"], "components": document["components"]}):
        schema.pop("title", None)
        if "$ref" in schema:
            schema["$ref"] = REFERENCE + new[name_of(schema["$ref"])]
        for tag, reference in schema.get("discriminator", {}).get("mapping", {}).items():
            schema["discriminator"]["mapping"][tag] = REFERENCE + new[name_of(reference)]


def name_unions(document: Document) -> None:
    """Let every union that is told apart by a tag be one schema, in whose members the tag is required."""
    schemas = document["components"]["schemas"]
    for schema in list(schemas_in(document["components"])):
        if "discriminator" not in schema:
            continue
        tag, mapping = schema["discriminator"]["propertyName"], schema["discriminator"]["mapping"]
        for reference in mapping.values():
            member = schemas[name_of(reference)]
            member["properties"][tag].pop("default", None)
            member["required"] = [tag, *(name for name in member.get("required", ()) if name != tag)]
        name = next((name for kind, name in _UNIONS.items() if kind in mapping), None)
        if name is not None:
            name += "Answer" if all(reference.endswith("Answer") for reference in mapping.values()) else ""
            schemas[name] = {"oneOf": schema.pop("oneOf"), "discriminator": schema.pop("discriminator")}
            schema["$ref"] = REFERENCE + name


def _renamed(name: str) -> str:
    for ending, instead in _ENDINGS.items():
        if name.endswith(ending):
            return name.removesuffix(ending) + instead
    return _FORMS.get(name, name)
