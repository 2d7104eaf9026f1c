"""Every public name of the plugin contract is documented, with the signature it has."""

import pytest

from aggregator import plugin
from tests import reference

PAGE = reference.PAGE.read_text(encoding="utf-8")
SECTIONS = reference.sections(PAGE)


def test_no_public_name_is_missing_and_none_is_made_up() -> None:
    assert set(SECTIONS) == set(reference.names())


@pytest.mark.parametrize("name", reference.names())
def test_a_name_is_documented_with_its_exact_signature(name: str) -> None:
    code, words = SECTIONS[name]
    assert code == reference.signature(name), "python -m tests.reference writes it anew"
    assert len(words.split()) > 3


def test_every_class_of_the_contract_is_public() -> None:
    declared = {name for name, value in vars(plugin).items() if getattr(value, "__module__", "") == plugin.__name__}
    assert declared - set(reference.ALSO) <= set(plugin.__all__)
