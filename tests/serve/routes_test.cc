// Every route of a server, without a network.
#include <cstring>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/file.h"
#include "nest/io/npy.h"
#include "nest/recognize/signal_recognizer.h"
#include "tests/serve/toy_server.h"

namespace nest::serve {
namespace {

using testing::HasSubstr;
using toy::ToyServer;

class Routes : public testing::Test {
 protected:
  Json infer_body(const Json& rows) {
    Json data = Json::array();
    for (const Json& row : rows)
      for (const Json& value : row) data.push_back(value);
    return {{"inputs", Json::array({{{"name", "signal"},
                                     {"datatype", "FP32"},
                                     {"shape", {1, rows.size(), rows[0].size()}},
                                     {"data", std::move(data)}}})}};
  }
  static std::string golden_text(Models& models) {
    return models.find("toy")->package().manifest().golden[0].text;
  }
};

TEST_F(Routes, of_health_and_metadata_answer) {
  ToyServer server;
  EXPECT_EQ(server.ask("GET", "/v2/health/live").status, 200);
  EXPECT_EQ(server.ask("GET", "/v2/health/ready").body, R"({"ready":true})");
  EXPECT_EQ(server.ask("GET", "/v2/models/toy/ready").body, R"({"name":"toy","ready":true})");
  EXPECT_EQ(server.ask("GET", "/v2/models/none/stats").status, 400);  // as Triton
  EXPECT_EQ(Json::parse(server.ask("GET", "/v2").body).at("name"), "nest");
  const Json model = Json::parse(server.ask("GET", "/v2/models/toy/versions/1").body);
  EXPECT_EQ(model.at("inputs")[0].at("shape"), Json::parse("[-1, 6, -1]"));
  EXPECT_EQ(model.at("parameters").at("rate_hz"), 64);
  EXPECT_EQ(Json::parse(server.ask("POST", "/v2/repository/index").body)[0].at("state"), "READY");
  EXPECT_THAT(server.ask("GET", "/").body, HasSubstr("<!doctype html>"));
  server.router.drain();
  EXPECT_EQ(server.ask("GET", "/v2/health/ready").status, 503);
  EXPECT_EQ(server.ask("GET", "/v2/health/live").status, 200);
}

TEST_F(Routes, of_statistics_count_each_stage_of_a_request) {
  ToyServer server;
  const std::string body = infer_body(toy::golden_rows(server.models)).dump();
  const int asked = 3;
  for (int i = 0; i < asked; ++i)
    EXPECT_EQ(server.ask("POST", "/v2/models/toy/infer", body).status, 200);
  const Json answer = Json::parse(server.ask("GET", "/v2/models/toy/stats").body);
  const Json& stats = answer.at("model_stats").at(0);
  EXPECT_EQ(stats.at("inference_count"), asked);
  for (const char* stage :
       {"success", "queue", "compute_input", "compute_infer", "compute_output"}) {
    EXPECT_EQ(stats.at("inference_stats").at(stage).at("count"), asked) << stage;
  }
  EXPECT_GT(stats.at("inference_stats").at("compute_infer").at("ns"), 0);
}

TEST_F(Routes, of_unknown_models_answer_as_triton_does) {
  ToyServer server;
  const Response unknown = server.ask("GET", "/v2/models/other");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(Json::parse(unknown.body).at("error").get<std::string>(),
              HasSubstr("unknown model: 'other'"));
  EXPECT_EQ(server.ask("POST", "/v2/models/other/infer", "{}").status, 404);
  EXPECT_EQ(server.ask("GET", "/v2/models/other/ready").status, 400);
  EXPECT_EQ(server.ask("GET", "/v2/models/toy/versions/9").status, 404);
  EXPECT_EQ(server.ask("GET", "/nothing").status, 404);
  EXPECT_EQ(server.ask("DELETE", "/v2/models/toy").status, 405);
}

TEST_F(Routes, of_inference_give_text_and_emissions_of_the_model) {
  ToyServer server;
  const Json rows = toy::golden_rows(server.models);
  const Json answer = server.ask_json("POST", "/v2/models/toy/infer", infer_body(rows));
  ASSERT_EQ(answer.at("outputs").size(), 3u);
  const Json decoded = server.ask_json("POST", "/v1/decode", {{"signal", rows}, {"nbest", 2}});
  EXPECT_EQ(answer.at("outputs")[0].at("data")[0], decoded.at("text"));
  EXPECT_EQ(decoded.at("nbest").size(), 2u);
  const auto model = server.models.find("toy");
  recognize::RecognizeOptions options{.decode = model->decoding()};
  recognize::SignalRecognizer direct(model->package().bundle(), options);
  const auto source = contract::source_of(model->contract());
  EXPECT_EQ(decoded.at("text"), direct.recognize(model->package().inputs()[0], source).text);
  EXPECT_NEAR(decoded.at("signal_s").get<double>(), 4, 0.1);
}

TEST_F(Routes, of_inference_take_and_give_binary_tensors) {
  ToyServer server;
  const Tensor& input = server.models.find("toy")->package().inputs()[0];
  const Json header{
      {"id", "7"},
      {"inputs", Json::array({{{"name", "signal"},
                               {"datatype", "FP32"},
                               {"shape", {1, input.dim(0), input.dim(1)}},
                               {"parameters", {{"binary_data_size", input.nbytes()}}}}})},
      {"outputs",
       Json::array({{{"name", "encoder_output"}, {"parameters", {{"binary_data", true}}}},
                    {{"name", "text"}}})}};
  std::string body = header.dump();
  const std::string length = std::to_string(body.size());
  body.append(static_cast<const char*>(input.raw()), input.nbytes());
  const Response response = server.ask("POST", "/v2/models/toy/infer", body,
                                       {{"inference-header-content-length", length}});
  ASSERT_EQ(response.status, 200) << response.body;
  std::size_t split = 0;
  for (const auto& [name, value] : response.headers)
    if (name == "Inference-Header-Content-Length") split = std::stoul(value);
  const Json answer = Json::parse(response.body.substr(0, split));
  EXPECT_EQ(answer.at("id"), "7");
  const Json& emissions = answer.at("outputs")[0];
  EXPECT_EQ(emissions.at("parameters").at("binary_data_size"), response.body.size() - split);
  const Json again =
      server.ask_json("POST", "/v2/models/toy/infer", infer_body(toy::golden_rows(server.models)));
  float first = 0;
  std::memcpy(&first, response.body.data() + split, sizeof first);
  EXPECT_FLOAT_EQ(first, again.at("outputs")[2].at("data")[0].get<float>());
  EXPECT_EQ(answer.at("outputs")[1].at("data")[0], again.at("outputs")[0].at("data")[0]);
}

TEST_F(Routes, name_the_field_that_does_not_meet_the_contract) {
  ToyServer server;
  const Json rows = toy::golden_rows(server.models);
  const auto field_of = [&](Json body) {
    body["signal"] = body.contains("signal") ? body["signal"] : rows;
    return server.ask_json("POST", "/v1/decode", body, 400).value("field", "");
  };
  EXPECT_EQ(field_of({{"rate_hz", 128}}), "rate_hz");
  EXPECT_EQ(field_of({{"unit", "kg"}}), "unit");
  EXPECT_EQ(field_of({{"channels", {"A", "B", "C", "D", "E", "F"}}}), "channels");
  EXPECT_EQ(field_of({{"channels", {"Fp1", "Fp1", "C3", "C4", "O1", "O2"}}}), "channels");
  EXPECT_EQ(field_of({{"signal", Json::array({rows[0], rows[1]})}}), "channels");
  EXPECT_EQ(field_of({{"signal", "loud"}}), "signal");
  EXPECT_EQ(field_of({{"signal", Json::array({Json::array({1, "x"})})}}), "signal");
  EXPECT_EQ(field_of({{"nbest", 0}}), "nbest");
  EXPECT_EQ(field_of({{"signal", toy::golden_rows(server.models, 3)}}), "");
  Json infer = infer_body(rows);
  infer["parameters"] = {{"rate_hz", 500}};
  EXPECT_EQ(server.ask_json("POST", "/v2/models/toy/infer", infer, 400).at("field"), "rate_hz");
}

TEST_F(Routes, bring_channels_into_the_order_of_the_contract) {
  ToyServer server;
  Json rows = toy::golden_rows(server.models);
  const Json wanted = server.ask_json("POST", "/v1/decode", {{"signal", rows}}).at("text");
  std::swap(rows[0], rows[5]);
  const Json body{{"signal", rows}, {"channels", {"O2", "Fp2", "C3", "C4", "O1", "Fp1"}}};
  EXPECT_EQ(server.ask_json("POST", "/v1/decode", body).at("text"), wanted);
}

TEST_F(Routes, of_inference_refuse_what_is_no_request) {
  ToyServer server;
  const Json rows = toy::golden_rows(server.models);
  const auto refused = [&](const std::function<void(Json&)>& change) {
    Json body = infer_body(rows);
    change(body);
    return server.ask_json("POST", "/v2/models/toy/infer", body, 400).value("error", "");
  };
  EXPECT_THAT(refused([](Json& b) { b["inputs"] = Json::array(); }),
              HasSubstr("expected 1 inputs"));
  EXPECT_THAT(refused([](Json& b) { b["inputs"][0]["name"] = "x"; }), HasSubstr("unexpected"));
  EXPECT_THAT(refused([](Json& b) { b["inputs"][0]["datatype"] = "BYTES"; }), HasSubstr("BYTES"));
  EXPECT_THAT(refused([](Json& b) { b["inputs"][0]["shape"] = {1, 6, -1}; }), HasSubstr("shape"));
  EXPECT_THAT(refused([](Json& b) { b["inputs"][0]["shape"] = {1, 6, 1e18}; }), HasSubstr("shape"));
  EXPECT_THAT(refused([](Json& b) { b["inputs"][0]["shape"] = {1, 6, 7}; }), HasSubstr("needs 42"));
  EXPECT_THAT(refused([](Json& b) { b["inputs"][0]["data"] = "x"; }), HasSubstr("no number"));
  EXPECT_THAT(refused([](Json& b) {
                b["outputs"] = Json::array({{{"name", "x"}}});
              }),
              HasSubstr("there are text"));
  EXPECT_THAT(refused([](Json& b) {
                b["inputs"][0]["parameters"] = {{"binary_data_size", 8}};
              }),
              HasSubstr("binary data"));
  EXPECT_EQ(server.ask("POST", "/v2/models/toy/infer", "[1").status, 400);
  EXPECT_EQ(
      server.ask("POST", "/v2/models/toy/infer", "{}", {{"inference-header-content-length", "-3"}})
          .status,
      400);
}

TEST_F(Routes, of_recordings_take_bytes_and_no_names) {
  ToyServer server;
  const Tensor& input = server.models.find("toy")->package().inputs()[0];
  const test::TempDir dir;
  io::write_npy(dir / "a.npy", input);
  const std::string npy = read_text_file(dir / "a.npy");
  const Response decoded = server.ask("POST", "/v1/decode?model=toy&rate_hz=64&unit=uV", npy);
  ASSERT_EQ(decoded.status, 200) << decoded.body;
  const Json wanted =
      server.ask_json("POST", "/v1/decode", {{"signal", toy::golden_rows(server.models)}});
  EXPECT_EQ(Json::parse(decoded.body).at("text"), wanted.at("text"));
  EXPECT_EQ(Json::parse(server.ask("POST", "/v1/signal", npy).body).at("signal").size(), 6u);
  for (const char* body : {"Brain Vision Data Exchange Header File Version 1.0\n[Common "
                           "Infos]\nDataFile=/etc/passwd\n",
                           "text", ""})
    EXPECT_EQ(server.ask("POST", "/v1/decode", body).status, 400) << body;
  EXPECT_EQ(server.ask("POST", "/v1/decode?rate_hz=x", npy).status, 400);
}

TEST_F(Routes, tell_what_a_model_is) {
  ToyServer server;
  const Json card = Json::parse(server.ask("GET", "/v1/models/toy/card").body);
  EXPECT_EQ(card.at("signal").at("rate_hz"), 64);
  EXPECT_FALSE(card.contains("files"));
  const Json golden = Json::parse(server.ask("GET", "/v1/models/toy/golden/1").body);
  EXPECT_EQ(golden.at("channels").size(), 6u);
  EXPECT_EQ(server.ask("GET", "/v1/models/toy/golden/9").status, 404);
  EXPECT_EQ(server.ask("GET", "/v1/models/toy/golden/..%2f..").status, 404);
}

TEST_F(Routes, refuse_when_too_many_wait) {
  package::DeploymentSettings settings = toy::settings();
  settings.server.workers = 1;
  settings.server.max_queue = 1;
  ToyServer server(settings);
  // One task holds the only thread, one fills the queue.
  std::mutex gate;
  std::unique_lock closed(gate);
  std::promise<void> begun;
  server.pool.post([&] {
    begun.set_value();
    const std::scoped_lock wait(gate);
  });
  begun.get_future().wait();
  server.pool.post([] {});
  EXPECT_EQ(server.ask("POST", "/v1/decode", "x").status, 503);
  EXPECT_EQ(server.ask("GET", "/v2/health/live").status, 200);  // answers while all are busy
  closed.unlock();
}

}  // namespace
}  // namespace nest::serve
