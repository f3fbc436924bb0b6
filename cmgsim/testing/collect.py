"""Scenario files as pytest items, one for each seed: ``replace.scenario.yaml::seed-7``.

Theory of operation: an item is a :class:`pytest.Function` whose function is made here, so it may use fixtures as any
test does. A file that cannot be loaded gives one item that fails with its findings, so that other files still run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cmgsim.testing.failures import Failure, FilesAtFault, ScenarioBroken, headline, shown
from cmgsim.testing.marks import seed_id, seeds_asked_for, tag

if TYPE_CHECKING:
    from cmgsim.design.files import LoadedScenario
    from cmgsim.rehearsal.scenario import Judged


class ScenarioFile(pytest.File):
    """A scenario file."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield an item for each seed, or one named ``design`` that fails because the files cannot be loaded."""
        from cmgsim.design.files import load_scenario
        from cmgsim.errors import FileFaults, UnreadableFile

        try:
            self.loaded: LoadedScenario = load_scenario(_as_written(self.path, self.config.invocation_params.dir))
        except (FileFaults, UnreadableFile) as error:
            yield ScenarioItem.from_parent(self, name="design", callobj=_failing(self.path.name, error))
            return
        for seed in seeds_asked_for(self.config) or dict.fromkeys(self.loaded.scenario.seeds):
            item = ScenarioItem.from_parent(self, name=seed_id(seed), callobj=_rehearsing(self, seed))
            tag(item, self.loaded.scenario.tags)
            yield item

    @cached_property
    def faults(self) -> FilesAtFault | None:
        """What the linter holds to be errors in the scenario's files; the same for all seeds."""
        from cmgsim.report.premises import lint_scenario

        errors = lint_scenario(self.loaded).errors
        return FilesAtFault.of(errors) if errors else None


class ScenarioItem(pytest.Function):
    """One run of a scenario."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the file, its first line, and the heading of a failure."""
        return self.path, 0, f"{self.path.name} {self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **options: Any) -> Any:
        """Return a failure of the scenario as frames of its files; any other error as pytest shows it."""
        if isinstance(excinfo.value, Failure):
            return shown(excinfo.value)
        return super().repr_failure(excinfo, *args, **options)


def _as_written(path: Path, here: Path) -> Path:
    """Return a path as people write it: relative to where pytest was started, if it lies below."""
    return path.relative_to(here) if path.is_relative_to(here) else path


def _failing(name: str, error: Exception) -> Callable[[pytest.FixtureRequest], None]:
    def design(request: pytest.FixtureRequest) -> None:
        raise _told(request, name.removesuffix(".scenario.yaml"), FilesAtFault.by(error)) from None

    return design


def _told(request: pytest.FixtureRequest, name: str, faults: FilesAtFault, **more: int) -> FilesAtFault:
    """Return the failure of files, once it stands in the item's report."""
    told = {"cmg.scenario": name, "cmg.fault": headline(faults)} | {f"cmg.{key}": value for key, value in more.items()}
    request.node.user_properties.extend(told.items())
    return faults


def _rehearsing(file: ScenarioFile, seed: int) -> Callable[[pytest.FixtureRequest], None]:
    def scenario(request: pytest.FixtureRequest) -> None:
        from cmgsim.rehearsal.scenario import judge_scenario

        if file.faults is not None:
            raise _told(request, file.loaded.name, file.faults, seed=seed)
        judged = judge_scenario(file.loaded, seed)
        request.node.user_properties.extend(properties(judged).items())
        folder = request.config.getoption("--cmg-report")
        if folder:
            _save(judged, Path(folder) / file.loaded.name / f"seed-{seed}")
        if not judged.holds:
            raise ScenarioBroken.by(judged)

    return scenario


def _save(judged: Judged, folder: Path) -> None:
    from cmgsim.errors import StorageError

    try:
        judged.run.save(folder)
    except StorageError as error:
        raise Failure.headed(f"error[cmg-report]: {error}") from None


def properties(judged: Judged) -> dict[str, object]:
    """Return what a run's report carries, for JUnit files and for the summary: plain texts and numbers."""
    return {
        "cmg.scenario": judged.scenario.name,
        "cmg.seed": judged.seed,
        "cmg.digest": judged.run.digest,
        "cmg.clients": judged.run.clients,
        "cmg.stranded_clients": len(judged.run.stranded_clients),
        **_expected(judged),
        **{f"cmg.broken.{verdict.check}": verdict.measured for verdict in judged.broken},
    }


def _expected(judged: Judged) -> dict[str, object]:
    limits = [verdict.limit for verdict in judged.verdicts if verdict.check == "stranded_clients"]
    return {"cmg.expected.stranded_clients": ", ".join(dict.fromkeys(limits))} if limits else {}
