import threading
from collections.abc import Callable

import pytest

from anju_edge_agent.actions import (
    Action,
    ActionRefused,
    ActionSpec,
    ActionUnanswered,
    Order,
    Orders,
    ParamSpec,
    allowed,
)

UNLOCK = {"unlock": ActionSpec("unlock", {"seconds": ParamSpec(1, 30, 5)})}
OPEN = Action("door-01", "unlock")


def test_a_parameter_that_is_not_given_has_its_usual_value() -> None:
    assert allowed(UNLOCK, OPEN).params == {"seconds": 5.0}
    assert allowed(UNLOCK, Action("door-01", "unlock", {"seconds": 7})).params == {"seconds": 7.0}


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (Action("door-01", "explode"), "action: got 'explode', expected one that this model knows: unlock"),
        (Action("door-01", "unlock", {"sec": 3}), r"params\.sec: no such parameter of unlock, expected: seconds"),
        (Action("door-01", "unlock", {"seconds": 0}), r"params\.seconds: got 0, expected a number from 1 to 30"),
        (Action("door-01", "unlock", {"seconds": 31}), r"params\.seconds: got 31, expected"),
        (Action("door-01", "unlock", {"seconds": True}), r"params\.seconds: got True, expected"),
        (Action("door-01", "unlock", {"seconds": "5"}), r"params\.seconds: got '5', expected"),
        (Action("door-01", "unlock", {"seconds": float("nan")}), r"params\.seconds: got nan, expected"),
    ],
)
def test_what_the_model_does_not_know_is_refused_with_what_would_be_right(action: Action, reason: str) -> None:
    with pytest.raises(ActionRefused, match=reason):
        allowed(UNLOCK, action)


def test_a_model_without_actions_says_so() -> None:
    with pytest.raises(ActionRefused, match="this model knows: none"):
        allowed({}, OPEN)


def serve(orders: Orders, act: Callable[[Order], None]) -> threading.Thread:
    """An agent's thread that takes what comes, once."""

    def work() -> None:
        assert orders.wake.wait(20)
        for order in orders.take():
            act(order)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_an_action_is_performed_by_the_agents_thread_and_answered_to_the_asking_one() -> None:
    orders = Orders()
    thread = serve(orders, lambda order: order.done({"asset": order.action.asset}))
    assert orders.perform(OPEN, timeout_s=20) == {"asset": "door-01"}
    thread.join()


def test_a_refusal_reaches_whoever_asked() -> None:
    orders = Orders()
    thread = serve(orders, lambda order: order.refuse(ActionRefused("the door is locked down")))
    with pytest.raises(ActionRefused, match="locked down"):
        orders.perform(OPEN, timeout_s=20)
    thread.join()


def test_an_action_that_no_agent_took_in_time_was_not_done_and_is_not_done_later() -> None:
    orders = Orders()
    with pytest.raises(ActionRefused, match="too busy") as caught:
        orders.perform(OPEN, timeout_s=0.01)
    assert not isinstance(caught.value, ActionUnanswered)
    assert orders.take() == []


def test_an_action_that_the_device_did_not_answer_may_have_been_done() -> None:
    orders = Orders()
    taken: list[Order] = []
    thread = serve(orders, taken.append)
    with pytest.raises(ActionUnanswered, match="may have been done or not"):
        orders.perform(OPEN, timeout_s=0.5)
    thread.join()


def test_only_the_first_end_of_an_order_counts() -> None:
    orders = Orders()

    def twice(order: Order) -> None:
        order.done({"first": True})
        order.refuse(ActionRefused("second"))
        order.done({"third": True})

    thread = serve(orders, twice)
    assert orders.perform(OPEN, timeout_s=20) == {"first": True}
    thread.join()
