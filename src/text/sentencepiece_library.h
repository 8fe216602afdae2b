#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nest::text {

/// False under sanitizers, which refuse RTLD_DEEPBIND: there SentencePiece does not work in a
/// program that also has LibTorch.
#ifdef NEST_IS_SANITIZED
inline constexpr bool kSentencePieceHasOwnScope = false;
#else
inline constexpr bool kSentencePieceHasOwnScope = true;
#endif

/// The SentencePiece library, opened when first used.
///
/// Why not linked: libsentencepiece and LibTorch need different versions of Protocol Buffers that
/// define the same symbols. Linked together the program crashes before main(); opened later with
/// plain dlopen, SentencePiece finds LibTorch's and refuses its version. Opened with RTLD_DEEPBIND
/// each keeps to its own. It also lets a machine without SentencePiece run everything else.
/// Errors: Unsupported naming the package if the library is not there or has another interface.
class SentencePieceModel {
 public:
  /// Errors: DataCorrupt for bytes that are no model.
  explicit SentencePieceModel(std::string_view bytes);
  ~SentencePieceModel();
  SentencePieceModel(const SentencePieceModel&) = delete;
  SentencePieceModel& operator=(const SentencePieceModel&) = delete;

  int size() const;
  std::string piece(int id) const;
  int pad_id() const;
  int unk_id() const;
  int bos_id() const;
  int eos_id() const;
  /// Errors: Internal with the library's reason.
  std::vector<int> encode(std::string_view text) const;
  std::string decode(const std::vector<int>& ids) const;

 private:
  void* processor_;
};

using SentencePieceArgument = std::pair<std::string, std::string>;
/// Bytes of a trained model. Errors: InvalidArgument with the library's reason.
std::string train_sentencepiece(std::vector<std::string> sentences,
                                std::span<const SentencePieceArgument> arguments);

}  // namespace nest::text
