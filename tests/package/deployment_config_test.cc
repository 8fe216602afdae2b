#include "nest/package/deployment_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/json.h"
#include "tests/support/options_laws.h"
#include "tests/support/temp_dir.h"

namespace nest::package {
namespace {

using testing::HasSubstr;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(DeploymentConfig, has_the_defaults_of_the_specification) {
  const DeploymentConfig config;
  EXPECT_EQ(config.get("model.type"), "nest");
  EXPECT_EQ(config.get("model.checkpoint"), "models/nest.pt");
  EXPECT_EQ(config.get("preprocessing"),
            Json::parse(R"({"sample_rate": 500.0, "bandpass": [0.5, 40.0], "notch_freq": 50.0})"));
  EXPECT_EQ(config.get("inference"),
            Json::parse(R"({"batch_size": 1, "beam_size": 5, "max_length": 100})"));
  EXPECT_EQ(config.get("server.port"), 8000);
  EXPECT_EQ(config.get("server.workers"), 4);
  // Safer than the specification's 0.0.0.0, and what there is in place of its cuda.
  EXPECT_EQ(config.get("server.host"), "127.0.0.1");
  EXPECT_EQ(config.get("model.device"), "cpu");
}

TEST(DeploymentConfig, merges_deeply_what_files_name) {
  const test::TempDir dir;
  write_text_file(dir / "a.yaml", "server:\n  port: 9000\npreprocessing: {bandpass: [1, 30]}\n");
  write_text_file(dir / "b.json", R"({"server": {"host": "::1"}})");
  DeploymentConfig config;
  config.load(dir / "a.yaml");
  config.load(dir / "b.json");
  EXPECT_EQ(config.settings().server.port, 9000);
  EXPECT_EQ(config.settings().server.host, "::1");
  EXPECT_EQ(config.settings().server.workers, 4);
  EXPECT_EQ(config.get("preprocessing.bandpass"), Json::parse("[1.0, 30.0]"));
  EXPECT_EQ(config.get("preprocessing.sample_rate"), 500.0);
  EXPECT_TRUE(config.is_given("server.port"));
  EXPECT_FALSE(config.is_given("server.workers"));
}

TEST(DeploymentConfig, of_an_empty_file_stays_as_it_is) {
  const test::TempDir dir;
  write_text_file(dir / "a.yaml", "");
  DeploymentConfig config;
  config.load(dir / "a.yaml");
  EXPECT_EQ(config.get(""), DeploymentConfig().get(""));
}

TEST(DeploymentConfig, gets_and_sets_by_dotted_key) {
  DeploymentConfig config;
  config.set("server.port", 8080);
  config.set("inference", {{"beam_size", 1}});
  EXPECT_EQ(config.get("server.port"), 8080);
  EXPECT_EQ(config.get("inference.beam_size"), 1);
  EXPECT_EQ(config.get("inference.batch_size"), 1);
  EXPECT_EQ(config.get("").size(), 4u);
  EXPECT_THAT(message_of([&] { config.get("server.prot"); }), HasSubstr("did you mean"));
  EXPECT_THAT(message_of([&] { config.set("server.port", "many"); }), HasSubstr("server.port"));
  EXPECT_THAT(message_of([&] { config.set("server.port", 70000); }), HasSubstr("65535"));
  EXPECT_EQ(config.get("server.port"), 8080);
}

TEST(DeploymentConfig, names_file_line_and_key_of_every_fault) {
  const test::TempDir dir;
  write_text_file(dir / "bad.yaml",
                  "server:\n  port: many\n  workers: 0\nmodel:\n  device: abacus\n"
                  "inference:\n  beam_size: 5\n  bean_size: 3\n");
  DeploymentConfig config;
  const std::string message = message_of([&] { config.load(dir / "bad.yaml"); });
  EXPECT_THAT(message, HasSubstr("bad.yaml:2: server.port: expected an integer, found 'many'"));
  EXPECT_THAT(message, HasSubstr("bad.yaml:3: server.workers"));
  EXPECT_THAT(message, HasSubstr("bad.yaml:5: model.device"));
  EXPECT_THAT(message,
              HasSubstr("bad.yaml:8: inference.bean_size: there is no such key; did you mean"));
  EXPECT_EQ(config.get(""), DeploymentConfig().get(""));
}

TEST(DeploymentConfig, takes_what_the_environment_says) {
  DeploymentConfig config;
  config.merge_environment({{"NEST_SERVER__PORT", "9000"},
                            {"NEST_SERVER__TOKEN_FILE", "17"},
                            {"NEST_PREPROCESSING__BANDPASS", "[1, 20]"},
                            {"NEST_ISA", "generic"},
                            {"HOME", "/root"}});
  EXPECT_EQ(config.settings().server.port, 9000);
  EXPECT_EQ(config.settings().server.token_file, "17");
  EXPECT_EQ(config.settings().preprocessing.bandpass, (std::vector<double>{1, 20}));
  EXPECT_THAT(message_of([&] {
                config.merge_environment({{"NEST_SERVER__PRT", "1"}});
              }),
              HasSubstr("NEST_SERVER__PRT"));
  EXPECT_THAT(message_of([&] {
                config.merge_environment({{"NEST_SERVER__PORT", "x"}});
              }),
              HasSubstr("NEST_SERVER__PORT"));
}

TEST(DeploymentConfig, that_was_saved_loads_equal) {
  const test::TempDir dir;
  DeploymentConfig config;
  config.set("server.host", "a: b # \"c\"");
  config.set("preprocessing.bandpass", Json::array());
  for (const char* name : {"c.yaml", "c.json"}) {
    config.save(dir / name);
    DeploymentConfig loaded;
    loaded.load(dir / name);
    EXPECT_EQ(loaded.get(""), config.get("")) << name;
  }
}

TEST(DeploymentConfig, may_not_contradict_the_contract_of_a_model) {
  graph::SignalContract contract;
  contract.rate_hz = 250;
  DeploymentConfig config;
  config.require_contract(contract);  // defaults say nothing
  config.set("preprocessing.sample_rate", 250);
  config.require_contract(contract);
  config.set("preprocessing.notch_freq", 60);
  EXPECT_THAT(message_of([&] { config.require_contract(contract); }),
              HasSubstr("preprocessing.notch_freq is 60"));
}

TEST(ServerSettings, need_certificate_and_key_together) {
  ServerSettings settings;
  settings.tls_cert = "cert.pem";
  EXPECT_THROW(validate(settings), Error);
  settings.tls_key = "key.pem";
  validate(settings);
}

TEST(DeploymentConfig, takes_what_belongs_together_from_flags_and_environment) {
  DeploymentConfig flags;
  flags.set_fields("server", {{"tls_cert", "c.pem"}, {"tls_key", "k.pem"}, {"port", 9}},
                   {"tls_cert", "tls_key"});
  EXPECT_EQ(flags.settings().server.tls_key, "k.pem");
  EXPECT_EQ(flags.settings().server.port, ServerSettings().port);
  DeploymentConfig environment;
  environment.merge_environment(
      {{"NEST_SERVER__TLS_CERT", "c.pem"}, {"NEST_SERVER__TLS_KEY", "k.pem"}});
  EXPECT_EQ(environment.settings().server.tls_cert, "c.pem");
  EXPECT_TRUE(environment.is_given("server.tls_cert"));
  EXPECT_THROW(DeploymentConfig().merge_environment({{"NEST_SERVER__TLS_CERT", "c.pem"}}), Error);
}

TEST(DeploymentConfig, takes_no_text_that_is_no_utf8) {
  DeploymentConfig config;
  EXPECT_THROW(config.merge(Config::parse("model:\n  checkpoint: \"a\xff\"", "file")), Error);
  EXPECT_EQ(config.get("model.checkpoint"), "models/nest.pt");
}

}  // namespace
}  // namespace nest::package
