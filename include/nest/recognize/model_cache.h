#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "nest/core/json_fwd.h"
#include "nest/core/options_fwd.h"
#include "nest/recognize/bundle.h"

namespace nest::recognize {

struct ModelCacheOptions {
  std::int64_t max_bytes = std::int64_t{1} << 30;  ///< of weights that nobody may be using
};
void visit_fields(FieldVisitor& visitor, ModelCacheOptions& options);

struct ModelCacheFigures {
  std::uint64_t hits = 0;       ///< was there, or was being loaded for somebody else
  std::uint64_t loads = 0;      ///< that ended well
  std::uint64_t failures = 0;   ///< loads that threw
  std::uint64_t evictions = 0;  ///< least recently used ones that made room
  std::int64_t bytes = 0;       ///< of what is kept, now: never more than max_bytes
  std::int64_t models = 0;
};
Json to_json(const ModelCacheFigures& figures);

/// Loaded models by what is in their files, so that a renamed copy is the same model and a file
/// that was written anew is another.
///
/// However many ask for a model at once, it is loaded once. The least recently used go when the
/// weights kept exceed max_bytes; a model larger than that is given out and not kept. Who has a
/// model keeps it alive; if it was dropped meanwhile it is found again, not loaded a second time.
/// State: thread-safe; loading holds no lock.
class ModelCache {
 public:
  using Load = std::function<Bundle()>;

  explicit ModelCache(const ModelCacheOptions& options = {});
  ~ModelCache();

  /// load_bundle(path, options) of these contents and options. A file's hash is computed again when
  /// its size or time of change differ. Errors: those of load_bundle(), for everyone who waited;
  /// the next call tries again.
  std::shared_ptr<const Bundle> get(const std::filesystem::path& path,
                                    const LoadOptions& options = {});
  /// A model known by a key of the caller's: a package's manifest hash. Errors: what `load` throws.
  std::shared_ptr<const Bundle> get(const std::string& content, const Load& load);

  /// Drops all that is kept.
  void clear();
  ModelCacheFigures figures() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// SHA-256 over the model file, the files that load_bundle() reads beside it or as options say, and
/// those options that change what is loaded. Errors: NotFound, Io.
std::string bundle_hash(const std::filesystem::path& path, const LoadOptions& options = {});

}  // namespace nest::recognize
