// The inputs of ../shared/cases, made after public bug reports: what each case.md calls right.
#include <cmath>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/config.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/io/checkpoint.h"
#include "nest/io/recording.h"
#include "tests/support/command.h"
#include "tests/support/paths.h"

namespace nest {
namespace {

using testing::HasSubstr;

class OutsideCases : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder_)) GTEST_SKIP() << "not there: " << folder_;
  }

  std::filesystem::path file(const std::string& name) const { return folder_ / name; }

  test::CommandResult nest(const std::string& arguments) const {
    return test::run_nest(NEST_BINARY, arguments);
  }
  Json json_of(const std::string& arguments) const {
    const auto result = nest(arguments + " --json");
    EXPECT_EQ(result.exit_code, 0) << arguments << ": " << result.err;
    return result.exit_code == 0 ? parse_json(result.out, arguments) : Json();
  }
  Json info(const std::string& name, const std::string& more = "") const {
    const Json report = json_of("inspect '" + file(name).string() + "' " + more);
    EXPECT_TRUE(report.value("ok", false)) << report.dump();
    return report["info"];
  }
  std::shared_ptr<const io::Recording> converted(const std::string& name,
                                                 const std::string& more = "") const {
    const auto out = dir_ / "out.edf";
    const auto result =
        nest("convert '" + file(name).string() + "' '" + out.string() + "' " + more);
    EXPECT_EQ(result.exit_code, 0) << name << ": " << result.err;
    return io::open_recording(out);
  }
  static std::string texts(const Json& list) { return list.dump(); }
  static std::vector<double> row(const io::Recording& recording, int channel) {
    const std::vector<int> pick = {channel};
    const Tensor samples = recording.read(pick, 0, recording.info().num_samples, DType::kF64);
    return {samples.data<double>().begin(), samples.data<double>().end()};
  }

  std::filesystem::path folder_ = test::shared_dir() / "cases";
  test::TempDir dir_;
};

TEST_F(OutsideCases, case_01_the_channels_beside_a_placeholder_signal_are_read) {
  for (const char* name : {"dummy.edf", "dig.edf"}) {
    const Json shown = info("01-edf-dummy-channel/" + std::string(name));
    EXPECT_GE(shown["channels"].size(), 1u);
    EXPECT_THAT(texts(shown["warnings"]), HasSubstr("'-'")) << name;
    converted("01-edf-dummy-channel/" + std::string(name));
  }
}

TEST_F(OutsideCases, case_02_annotations_in_latin_1_are_readable_text) {
  const Json shown = info("02-edf-annotation-latin1/latin.edf");
  EXPECT_THAT(texts(shown["annotations"]), HasSubstr("yeux ferm\xC3\xA9s"));
  EXPECT_THAT(texts(converted("02-edf-annotation-latin1/latin.edf")->info().annotations[0].text),
              HasSubstr("ferm"));
}

TEST_F(OutsideCases, case_03_labels_in_latin_1_are_readable_text) {
  const Json shown = info("03-edf-label-latin1/label.edf");
  EXPECT_THAT(texts(shown["channels"]), HasSubstr("C\xC3\xA2nula"));
  EXPECT_GT(converted("03-edf-label-latin1/label.edf")->info().num_samples, 0);
}

TEST_F(OutsideCases, case_04_samples_and_good_annotations_survive_a_malformed_list) {
  const Json shown = info("04-edf-malformed-tal/tal.edf");
  EXPECT_GT(shown["num_samples"], 0);
  EXPECT_FALSE(shown["annotations"].empty());
  EXPECT_THAT(texts(shown["warnings"]), HasSubstr("record"));
  const auto strict = nest("inspect --strict " + file("04-edf-malformed-tal/tal.edf").string());
  EXPECT_EQ(strict.exit_code, 3) << strict.out;
}

TEST_F(OutsideCases, case_06_event_files_without_a_record_duration_give_their_events) {
  for (const char* name : {"eve.edf", "hyp.edf"}) {
    const Json shown = info("06-edf-zero-duration-events/" + std::string(name));
    EXPECT_FALSE(shown["annotations"].empty()) << name;
  }
}

TEST_F(OutsideCases, case_10_a_marker_file_without_its_title_is_read) {
  const Json shown = info("10-bv-marker-without-title/a.vhdr");
  EXPECT_EQ(shown["channels"].size(), 2u);
  EXPECT_THAT(texts(shown["annotations"]), HasSubstr("Stimulus/S  5"));
  EXPECT_THAT(texts(shown["warnings"]), HasSubstr("title"));
}

TEST_F(OutsideCases, case_12_a_boundary_by_number_cuts_as_one_by_text) {
  const Json number = info("12-eeglab-boundary-99/num.set");
  const Json text = info("12-eeglab-boundary-99/txt.set");
  EXPECT_EQ(number["segments"].size(), 2u);
  EXPECT_EQ(number["segments"], text["segments"]);
}

TEST_F(OutsideCases, case_16_markers_keep_their_times_across_a_restarted_clock) {
  const Json shown = info("16-xdf-clock-reset/reset.xdf");
  ASSERT_EQ(shown["annotations"].size(), 4u);
  for (const Json& note : shown["annotations"]) {  // "m10" happened 10.25 s after the start
    const double want = 0.25 + std::stod(note["text"].get<std::string>().substr(1));
    EXPECT_NEAR(note["onset_s"].get<double>(), want, 0.005);
  }
}

TEST_F(OutsideCases, case_18_the_stream_with_samples_is_taken_and_the_empty_one_listed) {
  const Json shown = info("18-xdf-empty-stream/e.xdf");
  EXPECT_EQ(shown["stream"], "headset");
  EXPECT_EQ(shown["num_samples"], 500);
  EXPECT_EQ(shown["other_streams"][0]["num_samples"], 0);
  const auto out = dir_ / "empty.npy";
  EXPECT_NE(nest("convert --stream headset-old " + file("18-xdf-empty-stream/e.xdf").string() +
                 " " + out.string())
                .exit_code,
            0);
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(OutsideCases, case_19_both_recordings_of_a_stream_are_reached_by_their_ids) {
  const std::string name = "19-xdf-stream-recorded-twice/two.xdf";
  EXPECT_EQ(info(name, "--stream 1")["num_samples"], 300);
  EXPECT_EQ(info(name, "--stream 2")["num_samples"], 700);
  const auto ambiguous = nest("inspect --stream EEG " + file(name).string());
  EXPECT_NE(ambiguous.exit_code, 0);
  EXPECT_THAT(ambiguous.err, HasSubstr("id 1"));
  EXPECT_THAT(ambiguous.err, HasSubstr("id 2"));
}

TEST_F(OutsideCases, case_22_every_tensor_of_a_safetensors_file_is_listed) {
  const Json report =
      json_of("inspect " + file("22-safetensors-all-dtypes/all.safetensors").string());
  std::map<std::string, std::string> types;
  for (const Json& tensor : report["tensors"]) types[tensor["name"]] = tensor["dtype"];
  EXPECT_EQ(types["b.ids"], "U16");
  EXPECT_EQ(types["b.huge"], "U64");
  EXPECT_EQ(types["c.w8"], "F8_E4M3");
  EXPECT_EQ(types["c.e5"], "F8_E5M2");
  EXPECT_EQ(types.size(), 7u);
}

TEST_F(OutsideCases, case_23_white_space_in_an_arpa_file_does_not_change_its_scores) {
  const std::string folder = file("23-arpa-irstlm-whitespace").string();
  const auto score = [&](const std::string& name) {
    return json_of("lm score --lm " + folder + "/" + name + " --text " + folder + "/t.txt");
  };
  const Json plain = score("plain.arpa");
  for (const char* name : {"tab.arpa", "pad.arpa", "crlf.arpa"}) EXPECT_EQ(score(name), plain);
}

TEST_F(OutsideCases, case_28_a_byte_order_mark_is_no_text) {
  const std::string folder = file("28-text-files-with-bom").string();
  const Json report = json_of("score --ref " + folder + "/ref.txt --hyp " + folder + "/hyp.txt");
  EXPECT_EQ(report["score"]["wer"]["percent"], 0.0);
  EXPECT_EQ(report["score"]["cer"]["percent"], 0.0);
  const auto marked = nest("lm train --text " + folder + "/ref.txt --order 1 --out " +
                           (dir_ / "marked.arpa").string());
  const auto plain = nest("lm train --text " + folder + "/hyp.txt --order 1 --out " +
                          (dir_ / "plain.arpa").string());
  ASSERT_EQ(marked.exit_code, 0) << marked.err;
  ASSERT_EQ(plain.exit_code, 0) << plain.err;
  EXPECT_EQ(read_text_file(dir_ / "marked.arpa"), read_text_file(dir_ / "plain.arpa"));
  EXPECT_EQ(read_lines(folder + "/vbom.txt"), read_lines(folder + "/v.txt"));
}

TEST_F(OutsideCases, case_33_a_wide_number_does_not_hide_the_state_dict) {
  const auto wide = io::read_checkpoint(file("33-pt-wide-integer/wide.pt"));
  const auto small = io::read_checkpoint(file("33-pt-wide-integer/small.pt"));
  ASSERT_EQ(wide.state_dict.size(), small.state_dict.size());
  for (const auto& [name, tensor] : small.state_dict) {
    EXPECT_TRUE(bit_equal(wide.state_dict.at(name), tensor)) << name;
  }
  EXPECT_THAT(wide.extra.dump(), HasSubstr("\"seed\":\"9223372036854788153\""));
}

TEST_F(OutsideCases, case_34_a_comma_is_the_decimal_mark_where_semicolons_separate) {
  const auto german = io::open_recording(file("34-csv-decimal-comma/de.csv"));
  const auto english = io::open_recording(file("34-csv-decimal-comma/en.csv"));
  EXPECT_NEAR(german->info().rate_hz, 250, 1e-6);
  EXPECT_EQ(row(*german, 0), row(*english, 0));
  EXPECT_EQ(row(*german, 1), row(*english, 1));
}

TEST_F(OutsideCases, case_35_a_quoted_name_keeps_its_comma) {
  const Json shown = info("35-csv-quoted-comma/quoted.csv");
  ASSERT_EQ(shown["channels"].size(), 2u);
  EXPECT_EQ(shown["channels"][0]["name"], "Fz, left");
}

TEST_F(OutsideCases, case_39_pieces_are_those_of_the_reference_library) {
  const std::string folder = file("39-sentencepiece-tokens").string();
  for (const std::string model : {"plain", "bpe", "uni"}) {
    const auto arpa = dir_ / (model + ".arpa");
    const auto result = nest("lm train --unit token --tokenizer " + folder + "/" + model +
                             ".model --text " + folder + "/t.txt --order 1 --out " + arpa.string());
    ASSERT_EQ(result.exit_code, 0) << result.err;
    std::set<std::string> got, want;
    for (const std::string& line : read_lines(arpa)) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos) continue;
      const std::string word = line.substr(tab + 1);
      if (word == "<s>" || word == "</s>" || word == "<unk>") continue;
      got.insert(word == "<unk-token>" ? "<unk>" : word);
    }
    for (const std::string& line : read_lines(folder + "/" + model + ".want")) want.insert(line);
    EXPECT_EQ(got, want) << model;
  }
}

TEST_F(OutsideCases, case_41_a_marker_stands_at_the_sample_of_its_pulse) {
  const auto edf = converted("41-xdf-effective-rate/r.xdf");
  ASSERT_EQ(edf->info().annotations.size(), 9u);
  for (const io::Annotation& note : edf->info().annotations) {  // "p14970": sample 14970
    const double want = std::stod(note.text.substr(1));
    EXPECT_NEAR(note.onset_s * edf->info().rate_hz, want, 1) << note.text;
  }
}

TEST_F(OutsideCases, case_45_a_start_within_a_second_is_in_the_time_stamps) {
  const auto edf = converted("45-edf-writer-start-fraction/a.vhdr");
  EXPECT_EQ(edf->info().start_time, "2020-01-01T12:00:00.500000");
  const std::string bytes = read_text_file(dir_ / "out.edf");
  EXPECT_NE(bytes.find(std::string("+0.5\x14\x14\0", 7)), std::string::npos);
  ASSERT_EQ(edf->info().annotations.size(), 2u);
  EXPECT_NEAR(edf->info().annotations[1].onset_s, 1, 1e-9);
}

TEST_F(OutsideCases, case_47_long_names_become_distinct_labels_and_a_warning) {
  const auto edf = converted("47-edf-writer-long-labels/long.csv");
  ASSERT_EQ(edf->info().channels.size(), 2u);
  EXPECT_NE(edf->info().channels[0].name, edf->info().channels[1].name);
  const auto result = nest("convert " + file("47-edf-writer-long-labels/long.csv").string() + " " +
                           (dir_ / "again.edf").string());
  EXPECT_THAT(result.err, HasSubstr("BrainVision RDA 2"));
}

}  // namespace
}  // namespace nest
