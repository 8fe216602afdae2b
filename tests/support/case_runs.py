"""Runs of exported cases in somebody else's runtime: inputs, states and comparison (tests/support/export_cases.h writes them)."""
import numpy


def differences(case, run, call, state, description):
    """What is wrong with one run of FOLDER/<case>; `state` is carried on.

    `call` maps arrays by input name to arrays by output name. A run named "…+state" takes states from the outputs <name>_out of
    the run before.
    """
    inputs = {p.stem[len("in_"):]: numpy.load(p) for p in sorted((case / run).glob("in_*.npy"))}
    if run.endswith("+state"):
        inputs.update(state)
    try:
        outputs = call(inputs)
    except Exception as error:  # whatever the other runtime raises is a finding
        yield f"{case.name}/{run}: {error}"
        return
    state.update({name[:-len("_out")]: value for name, value in outputs.items() if name.endswith("_out")})
    for path in sorted((case / run).glob("out_*.npy")):
        name, wanted = path.stem[len("out_"):], numpy.load(path)
        if name not in outputs:
            yield f"{case.name}/{run}: no output {name}, there are {', '.join(outputs)}"
            continue
        got = outputs[name]
        if got.shape != wanted.shape or got.dtype != wanted.dtype:
            yield f"{case.name}/{run}: {name} is {got.dtype} {got.shape}, not {wanted.dtype} {wanted.shape}"
        elif wanted.size:
            error = numpy.abs(got.astype(float) - wanted.astype(float)).max()
            tolerance = description["tolerance"] + description["relative"] * numpy.abs(wanted.astype(float)).max()
            if not error <= tolerance:
                yield f"{case.name}/{run}: {name} differs by {error:.3g}, more than {tolerance:.3g}"
