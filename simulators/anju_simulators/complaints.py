"""What residents report: categories and the words they use."""

from typing import Final

TEXTS: Final = {
    "door_problem": ("电梯门关不上，一直开开关关", "门坏了，关不严"),
    "out_of_service": ("电梯停了，按了没反应", "电梯又不动了，请尽快来修"),
    "slow": ("电梯门关得特别慢", "等电梯太久，门老是反应慢"),
    "noise": ("运行时有很大的异响", "晚上噪音大，影响休息"),
    "shaking": ("电梯抖得厉害，坐着害怕", "上行时晃动明显"),
    "trapped": ("有人被困在电梯里，请马上救援", "电梯困人了"),
    "cannot_enter": ("单元门打不开，进不了楼", "门锁没反应，回不了家"),
    "does_not_close": ("单元门一直关不上，不安全", "大门敞着没人管"),
    "card_not_read": ("刷卡没反应", "读卡器好几次才识别"),
    "billing": ("这个月的读数不对", "抄表数据没有更新"),
    "leak": ("水表一直在走，怀疑漏水", "夜里没用水水表也在转"),
    "other": ("设备好像有问题，请来看看", "请派人检查一下"),
}


def complaint_text(category: str, chance: float) -> str:
    """One of the sentences of a category; `chance` is 0 to 1."""
    texts = TEXTS.get(category, TEXTS["other"])
    return texts[min(int(chance * len(texts)), len(texts) - 1)]
