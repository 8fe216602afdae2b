#include "turns.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "nest/profile/statistics.h"

namespace nest::profile {

std::vector<Turns> take_turns(const std::vector<Contender*>& contenders,
                              const ComparisonOptions& options, const Job& job) {
  std::vector<Turns> all(contenders.size());
  for (Contender* contender : contenders) contender->run(options.warmup);
  for (int done = 0; done < options.runs; done += options.turn) {
    job.check_stop("nothing was written");
    const int count = std::min(options.turn, options.runs - done);
    double first = 0;
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(options.rest_ms));
      contenders[i]->run(1);  // its weights come back into the caches
      const std::vector<double> turn = contenders[i]->run(count);
      all[i].times.insert(all[i].times.end(), turn.begin(), turn.end());
      if (i == 0) first = median(turn);
      all[i].ratios.push_back(median(turn) / first);
    }
  }
  return all;
}

}  // namespace nest::profile
