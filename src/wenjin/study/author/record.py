"""`wenjin course record TOPIC`: run the {run} blocks of a topic's lesson and keep what they say."""

from wenjin.kit.text import Text
from wenjin.study.author import recorded
from wenjin.study.author.running import RunError, run_jobs
from wenjin.study.course import lesson as lessons
from wenjin.study.course.faults import Faults
from wenjin.study.course.graph import Topic


def record(topic: Topic, faults: Faults) -> list[str]:
    """Write the records of the topic's blocks; returns the names of those that are new or changed.

    A block that fails is a fault, and its old record stays as it was. Records whose block is gone are deleted.
    """
    assert topic.folder is not None
    folder = topic.folder
    path = lessons.path(folder, "zh")
    if not path.is_file():
        if topic.status == "labs":  # they come before the lesson here, and have records of their own
            return []
        what = Text("还没有课文，没有可记录的。", "There is no lesson yet, and nothing to record.")
        faults.add(path, what, Text("先写课文。", "Write the lesson first."))
        return []
    blocks = recorded.runs(lessons.read(folder, "zh"))
    try:
        results = run_jobs([{"run": block.body, "name": block.argument} for block in blocks])
    except RunError as error:
        faults.add(path, error.text, Text("找出卡住或出错的代码块。", "Find the block that hangs or fails."))
        return []
    changed = []
    for block, result in zip(blocks, results, strict=True):
        if "error" in result:
            recorded.failed(block, result, f"{faults.place(path)}:{block.line}", faults)
        elif recorded.write(folder, block.argument, recorded.make(block.body, result)):
            changed.append(block.argument)
    for name in recorded.leftovers(folder, {block.argument for block in blocks}):
        recorded.path(folder, name).unlink()
        changed.append(name)
    return changed
