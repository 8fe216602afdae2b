#include "nest/compress/search_training.h"

#include "nest/core/field_error.h"
#include "nest/core/options.h"

namespace nest::compress {
namespace {

FineTuneOptions with(FineTuneOptions options, std::int64_t epochs, double learning_rate) {
  options.epochs = epochs;
  options.learning_rate = learning_rate;
  if (!options.distillation.weight) options.distillation.weight = 0.5;
  return options;
}

}  // namespace

FineTuneOptions SearchTraining::of_units() const {
  return with(all, all.epochs, all.learning_rate);
}

FineTuneOptions SearchTraining::of_codes() const {
  return with(all, code_epochs, code_learning_rate.value_or(all.learning_rate / 10));
}

FineTuneOptions SearchTraining::of_student() const {
  return with(all, student_epochs, student_learning_rate.value_or(all.learning_rate));
}

void visit_fields(FieldVisitor& visitor, SearchTraining& o) {
  visitor.part("", o.all);
  visitor.group("Training of codes and of a student");
  visitor.field("code_epochs", o.code_epochs, "epochs in which codes below 8 bits are trained",
                at_least(0));
  visitor.field("code_learning_rate", o.code_learning_rate, "default: a tenth of the other",
                above(0));
  visitor.field("student", o.student,
                "configuration of a smaller model that learns from the float one; default: none");
  visitor.field("student_key", o.student_key, "which model of that file");
  visitor.field("student_epochs", o.student_epochs, "epochs of the student, from random weights",
                at_least(0));
  visitor.field("student_learning_rate", o.student_learning_rate, "default: the other", above(0));
}

void validate(const SearchTraining& o) {
  check_fields(o);
  FineTuneOptions longest = o.all;
  longest.epochs += o.code_epochs + o.student_epochs;
  validate(longest);
  require_field(o.student.empty() || o.student_epochs > 0, "student_epochs",
                "is 0, so the student would keep its random weights; give some");
  require_field(!o.student.empty() || o.student_epochs == 0, "student",
                "is not given, so there is nothing to train for `student_epochs`");
}

}  // namespace nest::compress
