class RunningMean:
    def __init__(self, start):
        self.start = start

    def add(self, x):
        raise NotImplementedError("your turn")
