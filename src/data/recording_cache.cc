#include "data/recording_cache.h"

#include "nest/core/log.h"

namespace nest::data {

std::shared_ptr<const io::Recording> RecordingCache::open(const std::filesystem::path& path,
                                                          const io::OpenOptions& options) {
  const Key key{path.string(), options.stream};
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      return found->second->second;
    }
  }
  auto recording = io::open_recording(path, options);  // outside the lock: files open in parallel
  const auto& warnings = recording->info().warnings;
  const std::scoped_lock lock(mutex_);
  if (tells_warnings_ && !warnings.empty() && warned_.insert(key).second) {
    log_warn("{}: {}", key.first, fmt::join(warnings, "; "));
  }
  if (!index_.contains(key)) {
    recent_.emplace_front(key, recording);
    index_[key] = recent_.begin();
    if (recent_.size() > capacity_) {
      index_.erase(recent_.back().first);
      recent_.pop_back();
    }
  }
  return recording;
}

}  // namespace nest::data
