#include "nest/core/options.h"

#include <torch/torch.h>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "nest/nn/executor.h"

namespace nest::nn {

void visit_fields(FieldVisitor& visitor, TorchOptions& o) {
  visitor.field("device", o.device, "cpu, cuda, cuda:N or auto");
  visitor.field("precision", o.precision, "of products; no int8, int4");
  visitor.field("threads", o.threads, "threads; 0: all cores", at_least(0));
  visitor.field("fold", o.fold, "fold batch norms into convolutions", {}, kNoFlag);
  visitor.field("cuda_graphs", o.cuda_graphs, "replay stepwise graphs", {}, kNoFlag);
}

void validate(const TorchOptions& o) {
  check_fields(o);
  require_field(!graph::is_integer(o.precision), "precision",
                "is {}, but LibTorch runs floats; the native executor has integers",
                name_of(o.precision));
  const bool is_known = o.device == "cpu" || o.device == "auto" || o.device == "cuda" ||
                        (o.device.starts_with("cuda:") && o.device.size() > 5 &&
                         o.device.find_first_not_of("0123456789", 5) == std::string::npos);
  require_field(is_known, "device", "is '{}'; known: cpu, cuda, cuda:N, auto", o.device);
}

}  // namespace nest::nn
