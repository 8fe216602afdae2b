#include "pass_recorder.h"

#include <algorithm>

#include <fmt/format.h>

#include "nest/core/error.h"

namespace nest::nn {
namespace {

std::vector<std::int64_t> shapes_in(const Tensors& inputs) {
  std::vector<std::int64_t> shapes;
  for (const torch::Tensor& x : inputs) {
    shapes.push_back(x.defined() ? x.dim() : -1);
    if (x.defined()) shapes.insert(shapes.end(), x.sizes().begin(), x.sizes().end());
  }
  return shapes;
}

}  // namespace

PassRecorder::PassRecorder(MakeRecording make, std::size_t limit)
    : make_(std::move(make)), limit_(limit) {}

Tensors PassRecorder::run(const std::string& graph, const Tensors& inputs, const PlainPass& plain) {
  if (refused_.contains(graph)) return plain(inputs);
  bool is_new = false;
  Entry& entry = find(graph, shapes_in(inputs), is_new);
  if (is_new) return plain(inputs);
  if (entry.recording == nullptr) {
    try {
      entry.recording = make_(inputs, plain);
    } catch (const Error& error) {
      refused_.emplace(graph, error.message());
      entries_.remove_if([&](const Entry& other) { return other.graph == graph; });
      return plain(inputs);
    }
  }
  ++replayed_;
  return entry.recording->replay(inputs);
}

PassRecorder::Entry& PassRecorder::find(const std::string& graph, std::vector<std::int64_t> shapes,
                                        bool& is_new) {
  const auto found = std::ranges::find_if(
      entries_, [&](const Entry& entry) { return entry.shapes == shapes && entry.graph == graph; });
  is_new = found == entries_.end();
  if (!is_new) {
    entries_.splice(entries_.begin(), entries_, found);
  } else {
    if (entries_.size() == limit_) entries_.pop_back();
    entries_.push_front({graph, std::move(shapes), nullptr});
  }
  return entries_.front();
}

std::string PassRecorder::describe() const {
  const auto recorded = std::ranges::count_if(
      entries_, [](const Entry& entry) { return entry.recording != nullptr; });
  std::string text = fmt::format("{} passes recorded, {} replayed", recorded, replayed_);
  for (const auto& [graph, reason] : refused_)
    text += fmt::format(", none of '{}': {}", graph, reason);
  return text;
}

}  // namespace nest::nn
