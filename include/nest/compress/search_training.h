#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nest/compress/fine_tune_options.h"
#include "nest/core/options_fwd.h"

namespace nest::compress {

/// How the models of a search (eval::compress_model) are trained. What differs from model to model
/// stands here, the rest holds for all.
struct SearchTraining {
  FineTuneOptions all{.epochs = 6};               ///< `epochs` of those that lost units
  std::int64_t code_epochs = 0;                   ///< of those of less than 8 bits
  std::optional<double> code_learning_rate = {};  ///< unset: a tenth of the others'
  std::string student = {};                       ///< its configuration; empty: none
  std::string student_key = "nest_ctc";           ///< which model of that file
  std::int64_t student_epochs = 0;
  std::optional<double> student_learning_rate = {};  ///< unset: that of the others

  /// The options of one kind of model; `epochs` 0: it is not trained. The float model is the
  /// teacher with weight 0.5 where the options say nothing of one.
  FineTuneOptions of_units() const;
  FineTuneOptions of_codes() const;
  FineTuneOptions of_student() const;
};
void visit_fields(FieldVisitor& visitor, SearchTraining& options);
/// Errors: FieldError; a student without epochs, epochs without a student.
void validate(const SearchTraining& options);

}  // namespace nest::compress
