"""Every algorithm explains itself in the toolbox: what it is for, and each of its parameters and outputs."""

import pytest

NAMES = (
    "importspecies", "refreshassessments", "checkboundary", "suggestboundary", "fitboundary", "includepart",
    "protectioncoverage", "countryreport", "screenproject", "sitecontext", "sitefactsheet",
    "packagenomination", "verifypackage", "uploadpackage",
)  # fmt: skip


def test_all_of_them_are_looked_at(provider):
    assert {algorithm.name() for algorithm in provider.algorithms()} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_for_and_names_all_it_takes(provider, name):
    algorithm = provider.algorithm(name)
    assert len(algorithm.shortHelpString()) > 200
    described = [*algorithm.parameterDefinitions(), *algorithm.outputDefinitions()]
    assert described and all(one.description().strip() for one in described)
