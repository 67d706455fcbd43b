"""The whole twin run: train on communities of their own, then live others twice."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context, parent_process
from pathlib import Path

from anju_contracts.clock import rfc3339
from anju_simulators.demo.programs import program
from anju_simulators.history import write_history
from anju_simulators.twin.arm import Arm, Plan, Reporter, begin
from anju_simulators.twin.compare import Pair
from anju_simulators.twin.foresight import Foresight, ForesightError
from anju_simulators.world import World


def train(plan: Plan, *, seed: int, days: int, folder: Path) -> Path:
    """A model from the history of a community of another seed. ForesightError with what the program said."""
    scenario = replace(plan.scenario, seed=seed)
    world = World(scenario)
    world.run(scenario.start + timedelta(days=days))
    write_history(world, folder / "learnt", file_format="parquet")
    model = folder / "model.npz"
    command = program("anju-ml", "train", "--history", folder / "learnt", "--model", model)
    done = subprocess.run([*command, "--as-of", rfc3339(world.now)], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ForesightError((done.stderr or done.stdout).strip().splitlines()[-1])
    return model


def live_twice(plan: Plan, model: Path, folder: Path) -> Pair:
    """One community with complaints alone, and again with tickets in advance; `folder` is emptied afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    known = begin(plan)
    write_history(known, folder / "known", file_format="parquet")
    with Foresight(folder / "known", model, log=folder / "watch.log") as foresight:
        ahead = Arm(plan, known)
        ahead.live(Reporter(known, foresight, folder / "told", plan.start))
        prices = foresight.prices
    alone = Arm(plan, begin(plan))
    alone.live()
    shutil.rmtree(folder)
    return Pair(plan.scenario.seed, reactive=alone.outcome(prices), proactive=ahead.outcome(prices))


def live_all(
    plan: Plan, model: Path, seeds: Sequence[int], folder: Path, *, jobs: int, done: Callable[[Pair], None]
) -> list[Pair]:
    """Communities in the order of `seeds`, `jobs` of them at a time; `done` hears of each that is finished."""
    pairs = []
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        waiting = [pool.submit(live_twice, plan.of_seed(seed), model, folder / f"seed-{seed}") for seed in seeds]
        for pair in as_completed(waiting):
            pairs.append(pair.result())
            done(pairs[-1])
    return sorted(pairs, key=lambda pair: seeds.index(pair.seed))


def end_with_parent() -> None:
    """This process of a pool ends when the one that started it does, however that came: else it would go on with
    what is left to do."""
    threading.Thread(target=_follow_parent, name="parent", daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
