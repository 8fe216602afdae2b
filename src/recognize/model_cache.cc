#include "nest/recognize/model_cache.h"

#include <algorithm>
#include <future>
#include <list>
#include <map>
#include <mutex>

#include "nest/core/error.h"
#include "nest/core/file.h"
#include "nest/core/hash.h"
#include "nest/core/json.h"
#include "nest/core/options.h"

namespace nest::recognize {
namespace {

using Shared = std::shared_ptr<const Bundle>;

std::int64_t bytes_of(const Bundle& bundle) {
  if (bundle.runnable.prepared != nullptr)
    return static_cast<std::int64_t>(bundle.runnable.prepared->weight_bytes());
  std::int64_t bytes = 0;
  for (const auto& [name, tensor] : bundle.model().weights)
    bytes += static_cast<std::int64_t>(tensor.nbytes());
  return bytes;
}

/// Files that load_bundle() may read, in a fixed order.
std::vector<std::filesystem::path> files_of(const std::filesystem::path& path,
                                            const LoadOptions& options) {
  std::vector<std::filesystem::path> files{path};
  if (!options.file.config.empty()) files.emplace_back(options.file.config);
  if (!options.tokenizer.empty()) files.emplace_back(options.tokenizer);
  for (const char* extension : {".yaml", ".yml", ".json"}) {
    std::filesystem::path beside = path;
    if (std::filesystem::exists(beside.replace_extension(extension))) files.push_back(beside);
  }
  const auto tokenizer = path.parent_path() / "tokenizer.json";
  if (std::filesystem::exists(tokenizer)) files.push_back(tokenizer);
  return files;
}

/// Hashes of files by path, size and time of change.
class FileHashes {
 public:
  std::string of(const std::filesystem::path& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    const auto changed = std::filesystem::last_write_time(path, error);
    {
      const std::lock_guard lock(mutex_);
      const auto found = known_.find(path);
      if (!error && found != known_.end() && found->second.size == size &&
          found->second.changed == changed)
        return found->second.hash;
    }
    std::string hash = sha256_hex_of_file(path);
    if (!error) {
      const std::lock_guard lock(mutex_);
      known_[path] = {size, changed, hash};
    }
    return hash;
  }

 private:
  struct Known {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type changed;
    std::string hash;
  };
  std::mutex mutex_;
  std::map<std::filesystem::path, Known> known_;
};

std::string hash_with(FileHashes& hashes, const std::filesystem::path& path,
                      const LoadOptions& options) {
  std::string text = nest::to_json(options).dump();
  text += options.executor.machine.isa + std::to_string(options.executor.machine.threads);
  for (const auto& file : files_of(path, options)) text += "\n" + hashes.of(file);
  return sha256_hex(std::as_bytes(std::span(text)));
}

}  // namespace

void visit_fields(FieldVisitor& visitor, ModelCacheOptions& o) {
  visitor.field("max_bytes", o.max_bytes, "of the weights of models that are kept", at_least(0));
}

Json to_json(const ModelCacheFigures& f) {
  return {{"hits", f.hits},           {"loads", f.loads}, {"failures", f.failures},
          {"evictions", f.evictions}, {"bytes", f.bytes}, {"models", f.models}};
}

std::string bundle_hash(const std::filesystem::path& path, const LoadOptions& options) {
  FileHashes hashes;
  return hash_with(hashes, path, options);
}

struct ModelCache::Impl {
  struct Kept {
    std::string content;
    Shared bundle;
    std::int64_t bytes = 0;
  };

  ModelCacheOptions options;
  FileHashes hashes;
  mutable std::mutex mutex;
  std::list<Kept> kept;  ///< most recently used first
  std::map<std::string, std::shared_future<Shared>> loading;
  std::map<std::string, std::weak_ptr<const Bundle>> given;  ///< also those not kept any more
  ModelCacheFigures figures;

  Shared find(const std::string& content);
  void keep(const std::string& content, const Shared& bundle, std::list<Kept>& dropped);
  Shared load(const std::string& content, const Load& load, std::promise<Shared>& promise);
};

/// Null if it must be loaded.
Shared ModelCache::Impl::find(const std::string& content) {
  const auto found = std::ranges::find(kept, content, &Kept::content);
  if (found != kept.end()) {
    kept.splice(kept.begin(), kept, found);
    return found->bundle;
  }
  const auto outside = given.find(content);
  return outside == given.end() ? nullptr : outside->second.lock();
}

/// What is dropped goes to the caller, so that nothing is freed under the lock.
void ModelCache::Impl::keep(const std::string& content, const Shared& bundle,
                            std::list<Kept>& dropped) {
  std::erase_if(given, [](const auto& entry) { return entry.second.expired(); });
  given[content] = bundle;
  const std::int64_t bytes = bytes_of(*bundle);
  if (bytes > options.max_bytes) return;
  while (figures.bytes + bytes > options.max_bytes) {
    figures.bytes -= kept.back().bytes;
    dropped.splice(dropped.end(), kept, std::prev(kept.end()));
    ++figures.evictions;
  }
  kept.push_front({content, bundle, bytes});
  figures.bytes += bytes;
}

Shared ModelCache::Impl::load(const std::string& content, const Load& load,
                              std::promise<Shared>& promise) {
  std::list<Kept> dropped;
  try {
    const auto bundle = std::make_shared<const Bundle>(load());
    {
      const std::lock_guard lock(mutex);
      ++figures.loads;
      loading.erase(content);
      keep(content, bundle, dropped);
    }
    promise.set_value(bundle);
    return bundle;
  } catch (...) {  // those who wait for this load get the error as well, and the next may try again
    {
      const std::lock_guard lock(mutex);
      ++figures.failures;
      loading.erase(content);
    }
    promise.set_exception(std::current_exception());
    throw;
  }
}

ModelCache::ModelCache(const ModelCacheOptions& options) : impl_(std::make_unique<Impl>()) {
  nest::validate(options);
  impl_->options = options;
}
ModelCache::~ModelCache() = default;

Shared ModelCache::get(const std::string& content, const Load& load) {
  std::promise<Shared> promise;
  std::shared_future<Shared> other;
  std::list<Impl::Kept> dropped;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto under_way = impl_->loading.find(content);
    if (under_way != impl_->loading.end()) {
      ++impl_->figures.hits;
      other = under_way->second;
    } else if (Shared found = impl_->find(content)) {
      ++impl_->figures.hits;
      if (impl_->kept.empty() || impl_->kept.front().content != content)
        impl_->keep(content, found, dropped);
      return found;
    } else {
      impl_->loading.emplace(content, promise.get_future().share());
    }
  }
  return other.valid() ? other.get() : impl_->load(content, load, promise);
}

Shared ModelCache::get(const std::filesystem::path& path, const LoadOptions& options) {
  return get(hash_with(impl_->hashes, path, options),
             Load([&] { return load_bundle(path, options); }));
}

void ModelCache::clear() {
  std::list<Impl::Kept> dropped;
  const std::lock_guard lock(impl_->mutex);
  dropped.swap(impl_->kept);
  impl_->figures.bytes = 0;
}

ModelCacheFigures ModelCache::figures() const {
  const std::lock_guard lock(impl_->mutex);
  ModelCacheFigures figures = impl_->figures;
  figures.models = static_cast<std::int64_t>(impl_->kept.size());
  return figures;
}

}  // namespace nest::recognize
