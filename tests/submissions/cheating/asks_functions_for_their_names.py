"""
threat = 7
why = "The functions of the test are called wrongly, so that Python's own messages name what stands in the test, and asked for their code."
base = "release"

[reasons]
apply_calls = "this function of the test takes other arguments"
"""

# %% apply
import inspect

said = []


def apply(function, values):
    for wrong in (lambda: function(), lambda: function(1, 2, 3), lambda: function(unknown=1), lambda: function(values=[])):
        try:
            wrong()
        except Exception as error:
            said.append(str(error))
    for name in ("__code__", "__globals__", "__closure__", "__self__", "__wrapped__"):
        said.append(repr(getattr(function, name, None)))
    said.append(inspect.getsource(function.__call__))
    raise ValueError("\n".join(said))


# %% + after=smooth_speed
print(*said)
