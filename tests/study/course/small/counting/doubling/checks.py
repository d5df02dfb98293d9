def sum_is_double():
    for x in range(10):
        assert x + x == 2 * x
