"""The order of the steps of attention."""

from wenjin.kit.exercise import Order, read_mistakes
from wenjin.kit.text import Text

exercise = Order(
    items={
        "scores": Text("算分数", "compute scores"),
        "mask": Text("加掩码", "mask"),
        "softmax": Text("归一", "normalize"),
        "mix": Text("加权求和", "mix"),
    },
    right=(("scores", "mask", "softmax", "mix"),),
    wrong={"mask-after-softmax": lambda order: order.index("mask") > order.index("softmax")},
    mistakes=read_mistakes(__file__),
)
