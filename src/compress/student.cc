#include "nest/compress/student.h"

#include "nest/core/error.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/graph/frames.h"

namespace nest::compress {

graph::Model student_of(const graph::Model& teacher, std::string_view key, const Config& section,
                        std::uint64_t seed) {
  graph::Model student =
      graph::build_fitted_model(key, section, teacher.signal, teacher.vocabulary.size);
  require(student.family == teacher.family, ErrorCode::kInvalidArgument,
          "{}: the student is of family {}, its teacher '{}' of {}; their outputs cannot be "
          "compared, so take the same",
          section.location(), name_of(student.family), teacher.name, name_of(teacher.family));
  const std::int64_t ours = graph::samples_per_frame(student);
  const std::int64_t theirs = graph::samples_per_frame(teacher);
  require(ours == theirs, ErrorCode::kInvalidArgument,
          "{}: the student makes a frame of {} samples, its teacher '{}' of {}; they are compared "
          "frame by frame, so give both the same strides and pools",
          section.location(), ours, teacher.name, theirs);
  student.vocabulary = teacher.vocabulary;
  Rng rng(seed, "weights");
  graph::initialize_weights(student, rng);
  return student;
}

}  // namespace nest::compress
