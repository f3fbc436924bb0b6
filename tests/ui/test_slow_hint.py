"""Whoever simulates many clients without Numba is told what would make it faster."""

from __future__ import annotations

import pytest

from cmgsim.design.files import load_design
from cmgsim.ui import sizing
from cmgsim.ui.outlet import Outlet, Talk


@pytest.fixture
def crowd(lab):
    text = (lab / "first.design.yaml").read_text(encoding="utf-8").replace("count: 20", "count: 3000")
    (lab / "crowd.design.yaml").write_text(text, encoding="utf-8")
    return load_design(lab / "crowd.design.yaml")


def test_many_clients_without_numba_are_worth_a_word(crowd, capsys, monkeypatch):
    monkeypatch.setattr(sizing, "find_spec", lambda name: None)
    sizing.say_if_slow(Outlet("size"), crowd)
    assert "pip install 'cmgsim[fast]'" in capsys.readouterr().err
    sizing.say_if_slow(Outlet("size", talk=Talk.QUIET), crowd)
    assert capsys.readouterr().err == ""


def test_few_clients_or_numba_are_not(crowd, lab, capsys, monkeypatch):
    monkeypatch.setattr(sizing, "find_spec", lambda name: object())
    sizing.say_if_slow(Outlet("size"), crowd)
    monkeypatch.setattr(sizing, "find_spec", lambda name: None)
    sizing.say_if_slow(Outlet("size"), load_design(lab / "first.design.yaml"))
    assert capsys.readouterr().err == ""
