#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "nest/data/dataset.h"
#include "nest/io/recording.h"

namespace nest::data {

/// Keeps the last used files open, so that utterances of one file parse its header once.
/// State: thread-safe.
class RecordingCache {
 public:
  RecordingCache(std::size_t capacity, FileWarnings warnings)
      : capacity_(capacity), tells_warnings_(warnings == FileWarnings::kLogged) {}
  std::shared_ptr<const io::Recording> open(const std::filesystem::path& path,
                                            const io::OpenOptions& options);

 private:
  using Key = std::pair<std::string, std::string>;  // path, stream
  using Entry = std::pair<Key, std::shared_ptr<const io::Recording>>;
  std::size_t capacity_;
  bool tells_warnings_;
  std::mutex mutex_;
  std::list<Entry> recent_;  // newest first
  std::map<Key, std::list<Entry>::iterator> index_;
  std::set<Key> warned_;
};

}  // namespace nest::data
