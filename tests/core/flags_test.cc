#include "nest/core/flags.h"

#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/options.h"

namespace nest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Result {
  int code;
  std::string out;
  std::string error;
};

enum class Shape { kRound, kSquare };
EnumTable enum_table(Shape /*of*/) {
  static constexpr EnumName kNames[] = {{Shape::kRound, "round"}, {Shape::kSquare, "square"}};
  return {"shape", kNames};
}

struct InnerOptions {
  int depth = 1;
};
void visit_fields(FieldVisitor& visitor, InnerOptions& o) {
  visitor.field("depth", o.depth, "how deep", at_least(1));
}

struct GoOptions {
  std::int64_t num_items = 1;
  std::vector<double> bandpass = {0.5, 40};
  Shape shape = Shape::kRound;
  bool sparse = true;
  int utterances = 100;
  StringMap<double> layers;
  InnerOptions inner;
};
void visit_fields(FieldVisitor& visitor, GoOptions& o) {
  visitor.field("num_items", o.num_items, "how many", {}, {.flag = "num-items,count"});
  visitor.field("bandpass", o.bandpass, "low, high");
  visitor.field("shape", o.shape, "of it");
  visitor.field("sparse", o.sparse, "skip zeros");
  visitor.field("utterances", o.utterances, "how many", at_least(1));
  visitor.field("layers", o.layers, "amount of one", {}, {.flag = "layer"});
  visitor.part("inner", o.inner);
}

struct Line {
  GoOptions options;
  std::string in;
  std::string model;
  std::string output;
  FieldNames given;

  Result run(std::vector<const char*> words) {
    CommandLine line("nest", "test", "1");
    line.add_verb("go", "goes", [&](Flags& flags) -> CommandLine::Run {
      register_flags(flags, options, {.renamed = {{"utterances", "calibrate-utterances"}}});
      return [this, flags] {
        given = flags.given();
        validate(options);
        require(options.num_items != 13, ErrorCode::kCheckFailed, "thirteen");
        require(options.num_items != 14, ErrorCode::kDataCorrupt, "`num_items` of `x` is 14");
        return 0;
      };
    });
    line.add_verb("need", "needs", [&](Flags& flags) -> CommandLine::Run {
      flags.positional("in", in, "file").required();
      flags.add("model,checkpoint", model, "model").required();
      flags.add("output", output, "what is written");
      return [] { return 0; };
    });
    line.add_alias("went", "go");
    words.insert(words.begin(), "nest");
    std::ostringstream out;
    std::ostringstream error;
    const int code = line.run(static_cast<int>(words.size()), words.data(), out, error);
    return {code, out.str(), error.str()};
  }
};

TEST(Flags, dash_and_underscore_are_the_same_and_a_flag_may_have_two_names) {
  Line line;
  EXPECT_EQ(line.run({"go", "--num-items", "5"}).code, 0);
  EXPECT_EQ(line.options.num_items, 5);
  EXPECT_EQ(line.run({"went", "--num_items=6", "--bandpass", "1,2"}).code, 0);
  EXPECT_EQ(line.options.num_items, 6);
  EXPECT_EQ(line.options.bandpass, (std::vector<double>{1, 2}));
  EXPECT_EQ(line.run({"go", "--count", "7", "--bandpass", "3", "4"}).code, 0);
  EXPECT_EQ(line.options.num_items, 7);
  EXPECT_EQ(line.options.bandpass, (std::vector<double>{3, 4}));
}

TEST(Flags, what_is_written_has_two_spellings_on_every_verb) {
  Line line;
  EXPECT_EQ(line.run({"need", "in", "--model", "m", "--out", "a"}).code, 0);
  EXPECT_EQ(line.output, "a");
  EXPECT_EQ(line.run({"need", "in", "--model", "m", "--output=b"}).code, 0);
  EXPECT_EQ(line.output, "b");
}

TEST(Flags, enums_switches_and_maps_are_parsed) {
  Line line;
  EXPECT_EQ(
      line.run({"go", "--shape", "square", "--no-sparse", "--layer", "a=0.5", "--layer", "b=1"})
          .code,
      0);
  EXPECT_EQ(line.options.shape, Shape::kSquare);
  EXPECT_FALSE(line.options.sparse);
  EXPECT_EQ(line.options.layers, (StringMap<double>{{"a", 0.5}, {"b", 1}}));
}

TEST(Flags, a_map_takes_each_name_once) {
  Line line;
  const auto twice = line.run({"go", "--layer", "a=0.5", "--layer", "a=1"});
  EXPECT_EQ(twice.code, 2);
  EXPECT_THAT(twice.error, testing::HasSubstr("'a' twice"));
}

TEST(Flags, an_error_stays_one_line_whatever_is_in_its_texts) {
  CommandLine line("nest", "test", "1");
  line.add_verb("own", "", [](Flags&) -> CommandLine::Run {
    return []() -> int { fail(ErrorCode::kNotFound, "a\nb.edf: no such file"); };
  });
  line.add_verb("foreign", "", [](Flags&) -> CommandLine::Run {
    return []() -> int { throw std::runtime_error("broken\nframe 1\nframe 2"); };
  });
  const auto said = [&](const char* verb) {
    const char* words[] = {"nest", verb};
    std::ostringstream out;
    std::ostringstream error;
    line.run(2, words, out, error);
    return error.str();
  };
  EXPECT_EQ(said("own"), "error: a b.edf: no such file\n");
  EXPECT_EQ(said("foreign"), "error: internal: broken\n");
}

TEST(Flags, exit_codes_follow_the_contract) {
  EXPECT_EQ(Line().run({"go", "--count", "13"}).code, 1);
  EXPECT_EQ(Line().run({"go", "--count", "14"}).code, 3);
  EXPECT_EQ(Line().run({"go", "--nothing"}).code, 2);
  EXPECT_EQ(Line().run({"go", "--count", "x"}).code, 2);
  EXPECT_EQ(Line().run({"go", "--help"}).code, 0);
}

TEST(Flags, every_error_is_one_line_that_says_error_first) {
  for (const auto& words : std::vector<std::vector<const char*>>{{},
                                                                 {"og"},
                                                                 {"go", "--nothing"},
                                                                 {"go", "--count"},
                                                                 {"go", "--count", "x"},
                                                                 {"need"},
                                                                 {"go", "--count", "14"},
                                                                 {"go", "stray"},
                                                                 {"--nothing"},
                                                                 {"--log-level", "loud"},
                                                                 {"go", "--log-level", "loud"}}) {
    const std::string error = Line().run(words).error;
    EXPECT_TRUE(error.starts_with("error: ")) << error;
    EXPECT_EQ(std::ranges::count(error, '\n'), 1) << error;
  }
}

TEST(Flags, the_nearest_verb_flag_and_choice_are_suggested) {
  EXPECT_THAT(Line().run({"ned"}).error,
              AllOf(HasSubstr("no verb 'ned'; known: go went need"), HasSubstr("mean 'need'?")));
  EXPECT_THAT(Line().run({"go", "--num-itmes=3"}).error,
              HasSubstr("nest go has no flag --num-itmes; did you mean '--num-items'?"));
  EXPECT_THAT(Line().run({"go", "--shape", "squar"}).error,
              HasSubstr("--shape is 'squar': unknown shape 'squar'; known: round, square"));
  EXPECT_THAT(Line().run({"go", "--layer", "a"}).error,
              HasSubstr("--layer is 'a'; it must be NAME"));
}

TEST(Flags, what_is_no_flag_of_any_verb_is_an_error_without_a_verb_too) {
  EXPECT_THAT(Line().run({"--nothing"}).error, HasSubstr("nest has no flag --nothing"));
  EXPECT_THAT(Line().run({"go", "--log-level", "loud"}).error,
              HasSubstr("--log-level is 'loud': unknown log level 'loud'; known: debug, info"));
}

TEST(Flags, a_mistyped_flag_is_named_before_what_is_missing_and_that_all_at_once) {
  EXPECT_THAT(Line().run({"need", "--modle", "m"}).error, HasSubstr("did you mean '--model'?"));
  EXPECT_THAT(Line().run({"need"}).error, HasSubstr("nest need needs in and --model"));
}

TEST(Flags, messages_about_fields_show_the_flags_of_the_verb) {
  EXPECT_THAT(Line().run({"go", "--calibrate-utterances", "0"}).error,
              HasSubstr("--calibrate-utterances is 0; it must be at least 1"));
  EXPECT_THAT(Line().run({"go", "--depth", "0"}).error, HasSubstr("--depth is 0"));
  EXPECT_THAT(Line().run({"go", "--count", "14"}).error, HasSubstr("--num-items of `x` is 14"));
}

TEST(Flags, a_flag_is_known_to_be_given_even_when_it_equals_its_default) {
  Line line;
  line.run({"go", "--lr", "1"});
  line.run({"go", "--count", "1", "--depth=1"});
  EXPECT_EQ(line.given, (FieldNames{"num_items", "inner.depth"}));
}

TEST(Flags, help_shows_defaults_choices_and_which_way_a_switch_is_set) {
  const Result help = Line().run({"help", "go"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("--num-items,--count INT=1"));
  EXPECT_THAT(help.out, HasSubstr("--bandpass FLOAT=0.5,40 ..."));
  EXPECT_THAT(help.out, HasSubstr("--shape {round, square}=round"));
  EXPECT_THAT(help.out, HasSubstr("--sparse / --no-sparse [on]"));
  EXPECT_THAT(help.out, HasSubstr("--calibrate-utterances"));
  EXPECT_EQ(Line().run({"go", "--help"}).out, help.out);
  EXPECT_THAT(Line().run({"help"}).out, HasSubstr("nest help VERB"));
}

}  // namespace
}  // namespace nest
