#include "nest/deploy/model_file.h"

#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "nest/core/rng.h"
#include "nest/graph/factory.h"
#include "nest/graph/serialize.h"
#include "nest/graph/units.h"
#include "nest/runtime/prepared.h"
#include "tests/support/options_laws.h"
#include "tests/support/paths.h"
#include "tests/support/temp_dir.h"

namespace nest::deploy {
namespace {

constexpr const char* kCtc = R"({"model_name":"NEST_CTC",
  "spatial_cnn":{"type":"EEGNet","n_channels":4,"sampling_rate":128,"n_temporal_filters":4,
    "depth_multiplier":2,"n_pointwise_filters":8,"dropout":0.5},
  "temporal_encoder":{"type":"LSTM","input_dim":8,"hidden_dim":6,"num_layers":1,"dropout":0.3,
    "bidirectional":true},
  "decoder":{"input_dim":12,"vocab_size":9}})";

graph::Model ctc() {
  graph::Model model =
      graph::build_from_model_config(Config::from_json(parse_json(kCtc, "test"), "test"));
  Rng rng(3);
  graph::initialize_weights(model, rng);
  model.signal.rate_hz = 128;
  model.signal.channels = {"Fz", "Cz", "Pz", "Oz"};
  model.vocabulary.blank_id = 8;
  return model;
}

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

TEST(ModelFile, a_saved_model_loads_with_weights_contract_and_vocabulary) {
  const test::TempDir dir;
  for (const char* name : {"m.pt", "m.safetensors"}) {
    save_model(ctc(), dir / name);
    const graph::Model model = load_model(dir / name);
    EXPECT_EQ(graph::to_json(model), graph::to_json(ctc()));
    ASSERT_EQ(model.weights.size(), ctc().weights.size());
    for (const auto& [weight, tensor] : ctc().weights) {
      EXPECT_TRUE(bit_equal(model.weights.at(weight), tensor)) << weight;
    }
  }
}

TEST(ModelFile, a_weight_that_was_not_read_is_an_error_where_the_model_needs_it) {
  io::Checkpoint checkpoint = to_checkpoint(ctc());
  checkpoint.unread.push_back({"statistics", "U16", {4}});
  EXPECT_NO_THROW(model_from_checkpoint(checkpoint, "m.pt", {}));
  const std::string name = checkpoint.state_dict.begin()->first;
  checkpoint.unread.push_back({name, "F8_E4M3", checkpoint.state_dict.begin()->second.shape()});
  checkpoint.state_dict.erase(checkpoint.state_dict.begin());
  const std::string message = message_of([&] { model_from_checkpoint(checkpoint, "m.pt", {}); });
  EXPECT_NE(message.find("tensor '" + name + "' is of type F8_E4M3"), std::string::npos) << message;
}

TEST(ModelFile, names_of_data_parallel_and_compiled_modules_are_those_of_the_model) {
  const graph::Model model = ctc();
  const auto load_with = [&](const std::function<std::string(const std::string&)>& rename) {
    io::Checkpoint checkpoint = to_checkpoint(model);
    checkpoint.state_dict.clear();
    for (const auto& [name, tensor] : model.weights) {
      checkpoint.state_dict.emplace(rename(name), tensor);
    }
    const graph::Model loaded = model_from_checkpoint(checkpoint, "m.pt");
    for (const auto& [name, tensor] : model.weights) {
      EXPECT_TRUE(bit_equal(loaded.weights.at(name), tensor)) << name;
    }
  };
  load_with([](const std::string& name) { return "module." + name; });
  load_with([](const std::string& name) { return "_orig_mod." + name; });
  load_with([](const std::string& name) { return "module._orig_mod.module." + name; });
  load_with([](const std::string& name) {  // one inner module was compiled
    const std::size_t dot = name.find('.');
    return name.starts_with("temporal") ? name.substr(0, dot) + "._orig_mod" + name.substr(dot)
                                        : name;
  });
  io::Checkpoint twice = to_checkpoint(model);
  const auto [name, tensor] = *twice.state_dict.begin();
  twice.state_dict.emplace("_orig_mod." + name, tensor);
  EXPECT_NE(message_of([&] { model_from_checkpoint(twice, "m.pt"); }).find("stands there twice"),
            std::string::npos);
}

TEST(ModelFile, a_contract_is_read_from_yaml_json_and_a_dataset) {
  const test::TempDir dir;
  write_text_file(dir / "c.yaml", "rate_hz: 128\nchannels: [Fz, Cz]\nbandpass_hz: [1, 40]\n");
  const graph::SignalContract contract = load_contract(dir / "c.yaml");
  EXPECT_EQ(contract.num_channels, 2);
  EXPECT_EQ(contract.bandpass_hz, (std::vector<double>{1, 40}));
  write_text_file(dir / "dataset.json",
                  "{\"name\": \"d\", \"signal\": " + nest::to_json(contract).dump() + "}");
  for (const auto& path : {dir / "dataset.json", dir.path()}) {
    EXPECT_EQ(nest::to_json(load_contract(path)), nest::to_json(contract));
  }
  write_text_file(dir / "c.yaml", "rate_hz: 128\nchanels: [Fz]\n");
  EXPECT_NE(
      message_of([&] { load_contract(dir / "c.yaml"); }).find("unknown key 'chanels' (line 2)"),
      std::string::npos);
}

TEST(ModelFile, a_prepared_file_is_no_weights_file_and_says_so) {
  const test::TempDir dir;
  runtime::prepare(ctc())->save(dir / "m.prepared");
  const std::string message = message_of([&] { load_model(dir / "m.prepared"); });
  EXPECT_NE(message.find("is prepared for the native runtime"), std::string::npos) << message;
}

TEST(ModelFile, what_holds_or_becomes_a_model_file_is_told_where_one_is_needed) {
  const test::TempDir dir;
  const auto refused = [&](const std::string& name) {
    return message_of([&] { load_model(dir / name); });
  };
  write_text_file(dir / "m.onnx", "");
  write_text_file(dir / "m.nestpkg", "");
  for (const char* model : {"run/best.pt", "package/models/model.safetensors"}) {
    std::filesystem::create_directories((dir / model).parent_path());
    write_text_file(dir / model, "");
    const std::string folder = std::string(model).substr(0, std::string(model).find('/'));
    EXPECT_NE(refused(folder).find("its model is " + (dir / model).string()), std::string::npos)
        << refused(folder);
  }
  EXPECT_NE(refused("m.onnx").find("m.onnx model.safetensors"), std::string::npos);
  EXPECT_NE(refused("m.nestpkg").find("its model is models/model.safetensors in it"),
            std::string::npos);
  EXPECT_NE(refused("none.onnx").find("no such file"), std::string::npos);
}

TEST(ModelFile, a_quantization_travels_and_a_file_without_one_is_fp32) {
  const test::TempDir dir;
  graph::Model quantized = ctc();
  quantized.quantization = {graph::Precision::kInt8, graph::Granularity::kPerTensor};
  quantized.quantization.layers["ctc_decoder"] = {graph::Precision::kFp32};
  quantized.quantization.activations["temporal_encoder.lstm/l0r/hh"] = {0.25f};
  for (const char* name : {"m.pt", "m.safetensors"}) {
    save_model(quantized, dir / name);
    EXPECT_EQ(load_model(dir / name).quantization, quantized.quantization) << name;
  }
  EXPECT_FALSE(to_checkpoint(ctc()).extra.at("nest").contains("quantization"));
  save_model(ctc(), dir / "plain.pt");
  EXPECT_EQ(load_model(dir / "plain.pt").quantization, graph::Quantization{});
}

TEST(ModelFile, a_quantization_of_another_model_is_named) {
  graph::Model quantized = ctc();
  quantized.quantization.layers["ctc_decoder"] = {graph::Precision::kInt8};
  io::Checkpoint checkpoint = to_checkpoint(quantized);
  checkpoint.extra["nest"]["quantization"]["layers"]["ctc_decodre"] = {{"precision", "int8"}};
  const std::string message = message_of([&] { model_from_checkpoint(checkpoint, "file.pt"); });
  for (const char* part : {"file.pt", "no layer 'ctc_decodre'", "of like name: ctc_decoder"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(ModelFile, a_model_without_some_units_loads_as_it_is) {
  const test::TempDir dir;
  graph::Model reduced = ctc();
  for (const graph::UnitGroup& group : unit_groups(ctc())) {
    graph::UnitChoice keep(group.parts.size());
    for (std::size_t p = 0; p < keep.size(); ++p) keep[p] = {static_cast<std::int64_t>(p), 3};
    remove_units(reduced, group, keep);
  }
  EXPECT_LT(reduced.num_parameters(), ctc().num_parameters());
  for (const char* name : {"m.pt", "m.safetensors"}) {
    save_model(reduced, dir / name);
    const graph::Model model = load_model(dir / name);
    EXPECT_EQ(graph::to_json(model), graph::to_json(reduced));
    for (const auto& [weight, tensor] : reduced.weights) {
      EXPECT_TRUE(bit_equal(model.weights.at(weight), tensor)) << weight;
    }
  }
}

TEST(ModelFile, missing_extra_and_misshapen_tensors_are_listed_together) {
  io::Checkpoint checkpoint = to_checkpoint(ctc());
  const std::string first = checkpoint.state_dict.begin()->first;
  const std::string last = checkpoint.state_dict.rbegin()->first;
  checkpoint.state_dict.erase(first);
  checkpoint.state_dict[last] = Tensor(DType::kF32, {1, 2, 3});
  checkpoint.state_dict["stranger"] = Tensor(DType::kF32, {1});
  const std::string message = message_of([&] { model_from_checkpoint(checkpoint, "file.pt"); });
  for (const std::string& part : {first, last, std::string("stranger"), std::string("file.pt")}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(ModelFile, a_bare_state_dict_needs_a_config_and_takes_one_beside_it) {
  const test::TempDir dir;
  io::Checkpoint checkpoint = to_checkpoint(ctc());
  checkpoint.model_config = nullptr;
  checkpoint.extra = Json::object();
  io::write_checkpoint(dir / "m.pt", checkpoint);
  EXPECT_NE(message_of([&] { load_model(dir / "m.pt"); }).find("`config`"), std::string::npos);
  write_text_file(dir / "m.json", kCtc);
  EXPECT_EQ(load_model(dir / "m.pt").family, graph::Family::kCtc);
}

TEST(ModelFile, the_family_is_inferred_from_the_parts) {
  const auto name_of_config = [](const char* text) {
    return infer_model_name(Config::from_json(parse_json(text, "t"), "t"));
  };
  EXPECT_EQ(name_of_config(R"({"decoder":{"input_dim":2}})"), "NEST_CTC");
  EXPECT_EQ(name_of_config(R"({"decoder":{"embedding_dim":2}})"), "NEST_Attention");
  EXPECT_EQ(name_of_config(R"({"decoder":{},"joint":{}})"), "NEST_RNN_T");
  EXPECT_EQ(
      name_of_config(R"({"decoder":{},"joint":{},"temporal_encoder":{"type":"Transformer"}})"),
      "NEST_Transformer_T");
}

TEST(ModelFile, a_config_without_a_model_name_still_builds) {
  io::Checkpoint checkpoint = to_checkpoint(ctc());
  checkpoint.model_config.erase("model_name");
  checkpoint.extra = Json::object();
  EXPECT_EQ(model_from_checkpoint(checkpoint, "file.pt").family, graph::Family::kCtc);
}

TEST(ModelFile, every_python_checkpoint_loads_and_saves_bit_equal) {
  const test::TempDir dir;
  int count = 0;
  for (const std::string& name : test::parity_models()) {
    const auto path = test::parity_folder(name) / (name + ".pt");
    const graph::Model model = load_model(path);
    save_model(model, dir / "m.safetensors");
    save_model(load_model(dir / "m.safetensors"), dir / "m.pt");
    const io::Checkpoint original = io::read_checkpoint(path);
    const io::Checkpoint back = io::read_checkpoint(dir / "m.pt");
    ASSERT_EQ(back.state_dict.size(), original.state_dict.size()) << path;
    for (const auto& [weight, tensor] : original.state_dict) {
      EXPECT_TRUE(bit_equal(back.state_dict.at(weight), tensor)) << path << " " << weight;
    }
    EXPECT_EQ(graph::to_json(load_model(dir / "m.pt")), graph::to_json(model)) << path;
    ++count;
  }
  EXPECT_GE(count, 20);
}

TEST(LoadOptions, survive_json_and_refuse_what_is_unknown) {
  test::expect_options_laws(LoadOptions{}, LoadOptions{"", "nest_ctc"});
}

TEST(DescribeModel, takes_a_contract_of_as_many_channels_only) {
  const test::TempDir dir;
  save_model(ctc(), dir / "m.pt");
  write_text_file(dir / "c.json",
                  R"({"rate_hz": 100, "channels": ["A", "B", "C", "D"], "num_channels": 4})");
  write_text_file(dir / "d.json", R"({"rate_hz": 100, "channels": ["A"], "num_channels": 1})");
  DescribeOptions options;
  EXPECT_TRUE(options.is_empty());
  options.contract = (dir / "c.json").string();
  EXPECT_EQ(describe_model(dir / "m.pt", options).signal.channels.front(), "A");
  options.contract = (dir / "d.json").string();
  EXPECT_NE(message_of([&] {
              describe_model(dir / "m.pt", options);
            }).find("a contract of 1 channels, but the model takes 4"),
            std::string::npos);
}

}  // namespace
}  // namespace nest::deploy
