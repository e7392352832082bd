"""The list of faults keeps up with the engine; that each is found shows `bin/test --faults`."""

import ast

import pytest
from faults import ADDON, FAULTS

from tools.paths import ROOT


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_can_be_put_into_the_engine(fault):
    source = (ROOT / ADDON / fault.file).read_text()
    faulty = fault.applied(source)
    assert ast.dump(ast.parse(faulty)) != ast.dump(ast.parse(source))


def test_faults_are_many_and_named():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 20
