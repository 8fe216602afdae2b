#include "nest/eval/options.h"

#include "nest/core/options.h"

namespace nest::eval {

void visit_fields(FieldVisitor& visitor, SummaryOptions& o) {
  visitor.part("score", o.score);
  visitor.group("Intervals");
  visitor.part("bootstrap", o.bootstrap);
  visitor.field("worst", o.worst, "utterances listed with their alignments", {}, kNoFlag);
  visitor.field("confusions", o.confusions, "pairs of characters listed", {}, kNoFlag);
}

void visit_fields(FieldVisitor& visitor, EvalOptions& o) {
  visitor.group("Evaluation");
  visitor.field("jobs", o.jobs, "batches decoded at the same time; 0: all cores", between(0, 1024),
                {.also = "threads"});
  visitor.field("strict", o.strict, "stop at the first bad utterance");
  visitor.field("batch_size", o.batch_size, "utterances an encoder call", between(1, 4096),
                kNoFlag);
  visitor.part("", o.summary);
}

}  // namespace nest::eval
