#pragma once

#include "tests/support/export_cases.h"

namespace nest::exports {

/// In ONNX Runtime: NEST_ORT_PYTHON, else python3, must import it.
class OrtCases : public ExportCases {
 public:
  OrtCases()
      : ExportCases("export/ort_check.py", "NEST_ORT_PYTHON",
                    [](const ModelExporter& exporter, const ExportCase& item,
                       const std::filesystem::path& folder) {
                      exporter.export_onnx(folder / "model.onnx", item.graph, item.options);
                    }) {}
};

}  // namespace nest::exports
