#pragma once

#include <condition_variable>
#include <mutex>

#include "nest/core/job.h"
#include "serve/router.h"

/// The routes of a server with the small package of the golden tests, which is loaded once.
namespace nest::fuzz {

inline package::DeploymentSettings small_settings() {
  package::DeploymentSettings settings;
  settings.inference.beam_size = 2;
  settings.server.workers = 1;
  settings.server.max_body_mb = 1;
  settings.server.max_message_kb = 64;
  settings.server.max_sessions = 4;
  settings.server.resume_s = 0;
  return settings;
}

struct Served {
  Served()
      : settings(small_settings()),
        models(settings, {}, metrics),
        pool(1, 16),
        router(models, pool, metrics, settings.server) {
    models.add(NEST_FUZZ_PACKAGE);
  }
  /// Waits until the one thread has done all it was given; forgets streams whose client is gone.
  void settle() {
    std::mutex mutex;
    std::condition_variable wake;
    bool is_done = false;
    pool.post_admitted([&] {
      const std::scoped_lock lock(mutex);
      is_done = true;
      wake.notify_one();
    });
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return is_done; });
    router.tick();
    if (router.running() != 0) __builtin_trap();  // an answer or a stream was lost
  }
  /// Never destroyed: its threads live as long as the process.
  static Served& instance() {
    static Served* const served = new Served;
    return *served;
  }

  const package::DeploymentSettings settings;
  serve::Metrics metrics;
  serve::Models models;
  serve::WorkPool pool;
  serve::Router router;
};

}  // namespace nest::fuzz
