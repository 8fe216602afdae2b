#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "nest/core/error.h"
#include "nest/core/tensor.h"
#include "nest/decode/ngram.h"

// ARPA text and compact files: whatever the bytes are, loading either throws nest::Error or gives a
// model every look-up of which ends.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using nest::decode::NGram;
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::shared_ptr<const NGram> model;
    if (text.starts_with("NESTLM1\n")) {
      auto block = std::make_shared<nest::Tensor>(nest::DType::kU8,
                                                  nest::Shape{static_cast<std::int64_t>(size)});
      std::memcpy(block->mutable_raw(), data, size);
      model = NGram::from_block({static_cast<const std::byte*>(block->raw()), size}, block, "fuzz");
    } else {
      model = NGram::from_arpa(text, "fuzz");
    }
    std::uint32_t state = model->begin_state();
    for (std::uint32_t w = 0; w < model->vocab_size() && w < 1000; ++w) {
      model->score(state, model->find(model->word(w)), state);
    }
  } catch (const nest::Error&) {
  }
  return 0;
}
