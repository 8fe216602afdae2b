#include "sentencepiece_library.h"

#include <cstddef>
#include <new>
#include <unordered_map>
#include <utility>

#include <dlfcn.h>

#include "nest/core/error.h"
#include "nest/core/shared_library.h"

namespace nest::text {
namespace {

constexpr const char* kProcessorFile = "libsentencepiece.so.0";
constexpr const char* kTrainerFile = "libsentencepiece_train.so.0";
// sizeof(sentencepiece::SentencePieceProcessor) is 88 in 0.1.97; room for later versions.
constexpr std::size_t kProcessorBytes = 1024;

constexpr int kBinding = kSentencePieceHasOwnScope ? RTLD_DEEPBIND : 0;

void* open(const char* file) {
  return open_shared_library({file}, "install libsentencepiece0 to use SentencePiece", kBinding);
}

template <class F>
F* find(void* handle, const char* symbol) {
  void* address = dlsym(handle, symbol);
  require(address != nullptr, ErrorCode::kUnsupported,
          "the installed SentencePiece has another interface: it lacks {}", symbol);
  return reinterpret_cast<F*>(address);
}

void destroy_status(void* status);
std::string describe_status(const void* status);

/// The library's util::Status: one owning pointer, null if all is well.
struct Status {
  Status() = default;
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;
  ~Status() {
    if (rep != nullptr) destroy_status(this);
  }
  bool ok() const { return rep == nullptr; }
  std::string text() const { return describe_status(this); }
  void* rep = nullptr;
};

// Member functions as plain ones: the object comes first, behind the place of a returned object.
#define NEST_SPM "_ZN13sentencepiece22SentencePieceProcessor"
#define NEST_SPM_CONST "_ZNK13sentencepiece22SentencePieceProcessor"
#define NEST_STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
struct Library {
  using Ask = int(const void*);
  void* handle = open(kProcessorFile);
  void (*construct)(void*) = find<void(void*)>(handle, NEST_SPM "C1Ev");
  void (*destroy)(void*) = find<void(void*)>(handle, NEST_SPM "D1Ev");
  Status (*load)(void*, std::string_view) = find<Status(void*, std::string_view)>(
      handle, NEST_SPM "23LoadFromSerializedProtoESt17basic_string_viewIcSt11char_traitsIcEE");
  Status (*encode)(const void*, std::string_view, std::vector<int>*) =
      find<Status(const void*, std::string_view, std::vector<int>*)>(
          handle,
          NEST_SPM_CONST "6EncodeESt17basic_string_viewIcSt11char_traitsIcEEPSt6vectorIiSaIiEE");
  Status (*decode)(const void*, const std::vector<int>&, std::string*) =
      find<Status(const void*, const std::vector<int>&, std::string*)>(
          handle, NEST_SPM_CONST "6DecodeERKSt6vectorIiSaIiEEP" NEST_STRING);
  const std::string& (*piece)(const void*, int) =
      find<const std::string&(const void*, int)>(handle, NEST_SPM_CONST "9IdToPieceB5cxx11Ei");
  Ask* size = find<Ask>(handle, NEST_SPM_CONST "12GetPieceSizeEv");
  Ask* pad = find<Ask>(handle, NEST_SPM_CONST "6pad_idEv");
  Ask* unk = find<Ask>(handle, NEST_SPM_CONST "6unk_idEv");
  Ask* bos = find<Ask>(handle, NEST_SPM_CONST "6bos_idEv");
  Ask* eos = find<Ask>(handle, NEST_SPM_CONST "6eos_idEv");
  void (*status_destroy)(void*) = find<void(void*)>(handle, "_ZN13sentencepiece4util6StatusD1Ev");
  std::string (*status_text)(const void*) =
      find<std::string(const void*)>(handle, "_ZNK13sentencepiece4util6Status8ToStringB5cxx11Ev");
};

const Library& library() {
  static const Library instance;
  return instance;
}

void destroy_status(void* status) {
  library().status_destroy(status);
}
std::string describe_status(const void* status) {
  return library().status_text(status);
}

/// The virtual functions of sentencepiece::SentenceIterator, in its order.
class SentenceIterator {
 public:
  virtual ~SentenceIterator() = default;
  virtual bool done() const = 0;
  virtual void next() = 0;
  virtual const std::string& value() const = 0;
  virtual Status status() const = 0;
};

class Sentences final : public SentenceIterator {
 public:
  explicit Sentences(std::vector<std::string> items) : items_(std::move(items)) {}
  bool done() const override { return at_ >= items_.size(); }
  void next() override { ++at_; }
  const std::string& value() const override { return items_[at_]; }
  Status status() const override { return {}; }

 private:
  std::vector<std::string> items_;
  std::size_t at_ = 0;
};

}  // namespace

SentencePieceModel::SentencePieceModel(std::string_view bytes)
    : processor_(::operator new(kProcessorBytes)) {
  try {
    library().construct(processor_);
  } catch (...) {
    ::operator delete(processor_);
    throw;
  }
  const Status status = library().load(processor_, bytes);
  if (status.ok()) return;
  const std::string reason = status.text();
  library().destroy(processor_);
  ::operator delete(processor_);
  fail(ErrorCode::kDataCorrupt, "not a SentencePiece model: {}", reason);
}

SentencePieceModel::~SentencePieceModel() {
  library().destroy(processor_);
  ::operator delete(processor_);
}

int SentencePieceModel::size() const {
  return library().size(processor_);
}
std::string SentencePieceModel::piece(int id) const {
  return library().piece(processor_, id);
}
int SentencePieceModel::pad_id() const {
  return library().pad(processor_);
}
int SentencePieceModel::unk_id() const {
  return library().unk(processor_);
}
int SentencePieceModel::bos_id() const {
  return library().bos(processor_);
}
int SentencePieceModel::eos_id() const {
  return library().eos(processor_);
}

std::vector<int> SentencePieceModel::encode(std::string_view text) const {
  std::vector<int> ids;
  const Status status = library().encode(processor_, text, &ids);
  require(status.ok(), ErrorCode::kInternal, "SentencePiece cannot encode: {}",
          status.ok() ? "" : status.text());
  return ids;
}

std::string SentencePieceModel::decode(const std::vector<int>& ids) const {
  std::string text;
  const Status status = library().decode(processor_, ids, &text);
  require(status.ok(), ErrorCode::kInternal, "SentencePiece cannot decode: {}",
          status.ok() ? "" : status.text());
  return text;
}

std::string train_sentencepiece(std::vector<std::string> sentences,
                                std::span<const SentencePieceArgument> arguments) {
  using Arguments = std::unordered_map<std::string, std::string>;
  using Train = Status(const Arguments&, SentenceIterator*, std::string*);
  library();  // the trainer needs it; opened first it keeps its own scope
  static Train* const train = find<Train>(
      open(kTrainerFile),
      "_ZN13sentencepiece20SentencePieceTrainer5TrainERKSt13unordered_mapI" NEST_STRING
      "S7_St4hashIS7_ESt8equal_toIS7_ESaISt4pairIKS7_S7_EEEPNS_16SentenceIteratorEPS7_");
  Sentences iterator(std::move(sentences));
  std::string model;
  const Status status = train(Arguments(arguments.begin(), arguments.end()), &iterator, &model);
  require(status.ok(), ErrorCode::kInvalidArgument, "SentencePiece training failed: {}",
          status.ok() ? "" : status.text());
  return model;
}

}  // namespace nest::text
