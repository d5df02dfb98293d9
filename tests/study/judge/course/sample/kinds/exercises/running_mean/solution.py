class RunningMean:
    """The mean of every number so far: remember their sum and how many they are."""

    def __init__(self, start):
        self.total, self.count = start, 1

    def add(self, x):
        self.total += x
        self.count += 1
        return self.total / self.count
