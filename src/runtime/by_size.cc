#include "runtime/by_size.h"

#include <algorithm>
#include <string>

#include "runtime/measured_kernels.h"

namespace nest::runtime {

double BySize::at(Isa isa, std::int64_t rows, std::int64_t bytes) {
  const auto above = std::ranges::upper_bound(kSizes, bytes);
  const auto size =
      static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - kSizes.begin(), 1)) - 1;
  const bool is_one = rows == 1;
  Number& it = all_.at(static_cast<std::size_t>(isa)).at(is_one ? 0 : 1).at(size);
  std::call_once(it.once, [&] {
    it.value = measure_(measured_kernels(isa), is_one ? 1 : several_, kSizes.at(size));
  });
  return it.value;
}

Json BySize::json(Isa isa) {
  Json made;
  for (const std::int64_t bytes : kSizes) {
    made["one_row"][std::to_string(bytes)] = at(isa, 1, bytes);
    made["several_rows"][std::to_string(bytes)] = at(isa, several_, bytes);
  }
  return made;
}

}  // namespace nest::runtime
