#pragma once

#include <filesystem>

#include "nest/export/model_exporter.h"
#include "nest/graph/signal_contract.h"

namespace nest::exports {

/// Writes what a signal contract does to one utterance as an ONNX graph of its own: `samples`
/// float64 [channels, samples] -> `signal` float32 [1, channels, samples], which the graphs
/// "model" and "encoder" take.
///
/// Samples are in the contract's unit and order of channels, with a reference electrode that is
/// none of its channels as one more row at the end (contract::source_of). Reference, filters and
/// normalisation are those of contract::prepare(); filters start in the steady state of the first
/// sample. Computed in double; results agree to rounding (tests/export/preprocessing_test.cc).
/// Errors: InvalidArgument for filters that are impossible at the contract's rate; Io.
/// Cost:   of running it: one step of a loop a sample
ExportedGraph export_preprocessing(const std::filesystem::path& path,
                                   const graph::SignalContract& contract, int opset = 17);

}  // namespace nest::exports
