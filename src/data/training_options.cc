#include "nest/data/training_options.h"

#include "nest/core/options.h"

namespace nest::data {

void visit_fields(FieldVisitor& visitor, AugmentOptions& o) {
  visitor.group("Augmentation");
  visitor.field("augment_noise", o.noise, "noise in parts of each channel's deviation",
                at_least(0));
  visitor.field("augment_shift", o.shift_samples, "largest shift in samples", at_least(0));
  visitor.field("augment_channel_dropout", o.channel_dropout, "probability a channel is zero",
                between(0, 1));
  visitor.field("augment_amplitude", o.amplitude, "factor exp(uniform(-a, a))", at_least(0));
  visitor.field("augment_time_mask", o.time_mask, "largest part of the time that is zeroed",
                between(0, 1));
  visitor.field("augment_frequency_mask", o.frequency_mask, "largest part of the band removed",
                between(0, 1));
  visitor.field("augment_join", o.join, "probability that trials of a subject are joined",
                between(0, 1));
  visitor.field("augment_join_most", o.join_most, "most trials in one joined utterance",
                at_least(2));
  visitor.field("augment_join_ramp", o.join_ramp, "epochs until that many are joined; 0: at once",
                at_least(0));
}

void visit_fields(FieldVisitor& visitor, SurroundOptions& o) {
  visitor.group("Surroundings");
  visitor.field("surround_before_s", o.before_s, "seconds of background before an utterance",
                between(0, 600), {.flag = "surround-before"});
  visitor.field("surround_after_s", o.after_s, "seconds of background behind it", between(0, 600),
                {.flag = "surround-after"});
  visitor.field("surround_background_s", o.background_s,
                "length of pieces of background alone; 0: none", between(0, 600),
                {.flag = "surround-background"});
}

void visit_fields(FieldVisitor& visitor, TrainWindowOptions& o) {
  visitor.group("Windows (training as a windowed stream hears)");
  visitor.field("train_window_s", o.window_s, "seconds a window; 0: whole utterances",
                between(0, 3600), {.flag = "train-window"});
  visitor.field("train_hop_s", o.hop_s, "seconds from one window to the next", above(0),
                {.flag = "train-hop"});
  visitor.field("train_lookahead_s", o.lookahead_s, "seconds behind a frame that is decoded",
                at_least(0), {.flag = "train-lookahead"});
}

}  // namespace nest::data
