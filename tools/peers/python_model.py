"""A package in ONNX Runtime as people run it in Python, with a choice of filters: what fastapi_peer.py and kserve_peer.py serve."""
import pathlib
import sys

import numpy
import onnxruntime


class PythonModel:
    """`filters`: the package's preprocessing.onnx (onnx), SciPy's band-pass and notch and nothing else (scipy), or none."""

    def __init__(self, package, filters):
        package, self.filters = pathlib.Path(package), filters
        sys.path.insert(0, str(package))
        import deploy  # the package's
        self.model = deploy.Model(package)
        self.name = self.model.manifest["name"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        self.model.graphs["model"].session = onnxruntime.InferenceSession(
            str(package / self.model.manifest["onnx"]["graphs"]["model"]), options, providers=["CPUExecutionProvider"])
        if filters == "scipy":
            self.sections = self.scipy_sections(self.model.contract)

    @staticmethod
    def scipy_sections(contract):
        import scipy.signal
        bands = [scipy.signal.butter(contract["bandpass_order"], contract["bandpass_hz"], "bandpass", fs=contract["rate_hz"], output="sos")]
        if contract["notch_hz"]:
            notch = scipy.signal.iirnotch(contract["notch_hz"], contract["notch_q"], fs=contract["rate_hz"])
            bands.append(scipy.signal.tf2sos(*notch))
        return numpy.concatenate(bands)

    def filtered(self, signal):
        if self.filters == "onnx":
            return self.model.prepare(signal[0])
        if self.filters == "scipy":
            import scipy.signal
            return scipy.signal.sosfilt(self.sections, signal).astype(numpy.float32)
        return signal

    def text(self, signal):
        """Of one signal [1, channels, samples]; greedy decoding is that of the package's own deploy.py."""
        return self.model.text(self.model.tokens(self.model.emissions(self.filtered(signal))))
