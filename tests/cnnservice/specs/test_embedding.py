import pytest
from pydantic import ValidationError

from cnnservice.specs.embedding import LEAST_IMAGES, Projection, resolved
from cnnservice.specs.errors import BadSetting


def test_defaults_are_those_of_the_method() -> None:
    assert resolved(Projection(), 1000) == Projection(method="pca")
    assert resolved(Projection(method="tsne"), 1000) == Projection(method="tsne", perplexity=30)
    assert resolved(Projection(method="umap"), 1000) == Projection(method="umap", neighbors=15, min_dist=0.1)


def test_what_is_given_stays() -> None:
    given = Projection(method="umap", neighbors=4, min_dist=0, seed=3)
    assert resolved(given, 1000) == given


def test_defaults_fit_few_images() -> None:
    assert resolved(Projection(method="tsne"), 31).perplexity == 10
    assert resolved(Projection(method="umap"), 10).neighbors == 9


@pytest.mark.parametrize(("method", "name"), [("tsne", "perplexity"), ("umap", "neighbors")])
def test_a_point_has_fewer_neighbours_than_there_are_others(method: str, name: str) -> None:
    assert resolved(Projection.model_validate({"method": method, name: 99}), 100)
    with pytest.raises(BadSetting, match=f"{name} is 100; it must be below the number of images, which is 100"):
        resolved(Projection.model_validate({"method": method, name: 100}), 100)


def test_there_is_a_least_number_of_images() -> None:
    assert resolved(Projection(), LEAST_IMAGES)
    with pytest.raises(BadSetting, match="There are 4 images; an embedding needs at least 5"):
        resolved(Projection(), LEAST_IMAGES - 1)


@pytest.mark.parametrize(
    ("method", "name", "owner"),
    [("pca", "perplexity", "tsne"), ("umap", "perplexity", "tsne"), ("tsne", "neighbors", "umap")],
)
def test_a_parameter_of_another_method_is_an_error_that_says_whose_it_is(method: str, name: str, owner: str) -> None:
    with pytest.raises(ValidationError, match=f"{name} is a parameter of {owner}; the method is {method}"):
        Projection.model_validate({"method": method, name: 10})
