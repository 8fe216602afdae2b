#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

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
  /// Waits until all that was given is done; forgets streams whose client is gone.
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
    // Threads that fill batches have answered before they count their answer.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (router.running() != 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
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
