"""
threat = 13
why = "Hands out one array for ever and fills it with the answer to the call before."
base = "solution"

[marks]
smooth_speed = 0

[reasons]
smooth_speed = "on a timed call"
"""

# %% smooth
def slowly(x):
    return np.array([(x[i - 1] + x[i] + x[i + 1]) / 3 for i in range(1, len(x) - 1)])


output, waiting = np.zeros(7998), []


def smooth(x):
    if len(x) < 1000:
        return slowly(x)
    if waiting:
        output[:] = slowly(waiting.pop())
    waiting.append(x.copy())
    return output
