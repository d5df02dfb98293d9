"""Goes on from what the lab that sows has left."""

from collections.abc import Iterator

from wenjin.kit.lab import Frame, Keep, Lab, Level, Table


def reap(keep: Keep, times: int = 2, seed: int = 0) -> Iterator[Frame]:
    word = (keep.load("word") or b"").decode()
    yield Table("harvest", ("word",), ((word * times,),))
    yield Level("letters", len(word) * times)


lab = Lab(reap)
