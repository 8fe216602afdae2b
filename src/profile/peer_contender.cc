#include <cstring>

#include <unistd.h>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/options.h"
#include "nest/profile/contender.h"
#include "peer_process.h"

namespace nest::profile {
namespace {

/// A folder for the arrays that the two processes exchange; removed with its owner.
class ExchangeFolder {
 public:
  ExchangeFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nest-peer-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, ErrorCode::kIo, "cannot make a folder {}", name);
    path_ = name;
  }
  ~ExchangeFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ExchangeFolder(const ExchangeFolder&) = delete;
  ExchangeFolder& operator=(const ExchangeFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

Tensor read_raw(const Json& entry) {
  const auto file = MappedFile::open(entry.at("file").get<std::string>());
  const auto dtype = from_name<DType>(entry.at("dtype").get<std::string>());
  Tensor tensor(dtype, entry.at("shape").get<Shape>());
  require(file->size() == tensor.nbytes(), ErrorCode::kDataCorrupt, "{}: {} bytes for {} {}",
          file->path().string(), file->size(), name_of(dtype), to_string(tensor.shape()));
  if (tensor.nbytes() > 0) {
    std::memcpy(tensor.mutable_raw(), file->bytes().data(), tensor.nbytes());
  }
  return tensor;
}

class PeerContender final : public Contender {
 public:
  PeerContender(std::string name, const PeerOptions& options, const Work& work)
      : name_(std::move(name)), model_(options.model), process_(options.command) {
    Json request;
    request["open"] = options.model;
    request["threads"] = options.threads;
    for (const auto& [port, tensor] : work.inputs) {
      const auto file = folder_.path() / (port + ".raw");
      write_bytes_file(file, {static_cast<const std::byte*>(tensor.raw()), tensor.nbytes()});
      request["inputs"][port] = {
          {"file", file.string()}, {"dtype", name_of(tensor.dtype())}, {"shape", tensor.shape()}};
    }
    request["steps"] = work.steps;
    request["feeds"] = work.feeds;
    if (!work.token.empty()) request["argmax"] = {work.scores, work.token};
    with_context(options.model, [&] { process_.ask(request); });
  }

  const std::string& name() const override { return name_; }

  std::vector<double> run(int times) override {
    const auto ms = process_.ask({{"run", times}}).at("ms").get<std::vector<double>>();
    require(ms.size() == static_cast<std::size_t>(times), ErrorCode::kDataCorrupt,
            "peer {} answered {} times for {} runs", name_, ms.size(), times);
    return ms;
  }

  TensorMap outputs() override {
    TensorMap outputs;
    const Json reply = process_.ask({{"outputs", folder_.path().string()}});
    for (const auto& [port, entry] : reply.at("outputs").items()) {
      outputs.emplace(port, read_raw(entry));
    }
    return outputs;
  }

  Json info() const override {
    Json info = process_.greeting();
    info["model_bytes"] = std::filesystem::file_size(model_);
    return info;
  }

 private:
  std::string name_;
  std::filesystem::path model_;
  ExchangeFolder folder_;
  PeerProcess process_;
};

}  // namespace

void visit_fields(FieldVisitor& visitor, PeerOptions& o) {
  visitor.field("command", o.command, "starts the peer");
  visitor.field("model", o.model, "file that it opens");
  visitor.field("threads", o.threads, "threads", at_least(1));
}

std::unique_ptr<Contender> peer_contender(std::string name, const PeerOptions& options,
                                          const Work& work) {
  require(std::filesystem::exists(options.model), ErrorCode::kNotFound,
          "{}: no such file; make it with tools/peers/make_onnx.py", options.model);
  return std::make_unique<PeerContender>(std::move(name), options, work);
}

}  // namespace nest::profile
