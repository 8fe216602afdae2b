#include "nest/signal/design.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "nest/core/error.h"
#include "nest/core/json.h"
#include "zpk.h"

namespace nest::signal {
namespace {

using std::numbers::pi;

void check_rate(double rate_hz) {
  require(std::isfinite(rate_hz) && rate_hz > 0, ErrorCode::kInvalidArgument,
          "sampling rate {} Hz: give a positive number", rate_hz);
}

void check_edges(BandKind kind, const std::vector<double>& edges_hz, double rate_hz) {
  const bool is_band = kind == BandKind::kBandpass || kind == BandKind::kBandstop;
  const std::size_t wanted = is_band ? 2 : 1;
  require(edges_hz.size() == wanted, ErrorCode::kInvalidArgument,
          "filter edges: {} given, {} needed", edges_hz.size(), wanted);
  for (const double edge : edges_hz) {
    require(edge > 0 && edge < rate_hz / 2, ErrorCode::kInvalidArgument,
            "filter edge {} Hz: must lie above 0 and below half the sampling rate, {} Hz", edge,
            rate_hz / 2);
  }
  require(!is_band || edges_hz[0] < edges_hz[1], ErrorCode::kInvalidArgument,
          "filter edges {} and {} Hz: the lower one comes first", edges_hz.front(),
          edges_hz.back());
}

}  // namespace

Sos design_butterworth(int order, BandKind kind, const std::vector<double>& edges_hz,
                       double rate_hz) {
  check_rate(rate_hz);
  require(order >= 1 && order <= 32, ErrorCode::kInvalidArgument, "filter order {}: choose 1 to 32",
          order);
  check_edges(kind, edges_hz, rate_hz);
  // Designed at rate 2, where the bilinear transform is s = 4 (z - 1) / (z + 1).
  constexpr double kRate = 2;
  std::vector<double> warped;
  for (const double edge : edges_hz) {
    warped.push_back(2 * kRate * std::tan(pi * (2 * edge / rate_hz) / kRate));
  }
  const Zpk prototype = butterworth_prototype(order);
  Zpk analog;
  switch (kind) {
    case BandKind::kLowpass:
      analog = to_lowpass(prototype, warped[0]);
      break;
    case BandKind::kHighpass:
      analog = to_highpass(prototype, warped[0]);
      break;
    case BandKind::kBandpass:
      analog = to_bandpass(prototype, std::sqrt(warped[0] * warped[1]), warped[1] - warped[0]);
      break;
    case BandKind::kBandstop:
      analog = to_bandstop(prototype, std::sqrt(warped[0] * warped[1]), warped[1] - warped[0]);
      break;
  }
  const Sos sos = to_sos(bilinear(analog, kRate));
  const double radius = largest_pole_radius(sos);
  require(radius < 1, ErrorCode::kInvalidArgument,
          "Butterworth filter of order {} at {} Hz: unstable in double precision (pole radius {}); "
          "lower the order or raise the lowest edge",
          order, rate_hz, radius);
  return sos;
}

SosSection design_notch(double notch_hz, double q, double rate_hz) {
  check_rate(rate_hz);
  require(notch_hz > 0 && notch_hz < rate_hz / 2, ErrorCode::kInvalidArgument,
          "notch {} Hz: must lie above 0 and below half the sampling rate, {} Hz", notch_hz,
          rate_hz / 2);
  require(std::isfinite(q) && q > 0, ErrorCode::kInvalidArgument,
          "notch quality {}: give a positive number", q);
  const double normalised = 2 * notch_hz / rate_hz;
  const double width = normalised / q * pi;
  const double omega = normalised * pi;
  const double gb = 1 / std::sqrt(2.0);
  const double beta = std::sqrt(1 - gb * gb) / gb * std::tan(width / 2);
  const double gain = 1 / (1 + beta);
  const double cosine = std::cos(omega);
  return {gain, gain * (-2.0 * cosine), gain, -2.0 * gain * cosine, 2.0 * gain - 1.0};
}

std::vector<SosState> sos_steady_state(const Sos& sos) {
  std::vector<SosState> state(sos.size());
  double scale = 1;
  for (std::size_t i = 0; i < sos.size(); ++i) {
    const SosSection& s = sos[i];
    const double denominator = 1 + s.a1 + s.a2;
    require(denominator != 0, ErrorCode::kInvalidArgument,
            "section {}: a pole at z = 1 has no steady state", i);
    const double c1 = s.b1 - s.a1 * s.b0;
    const double c2 = s.b2 - s.a2 * s.b0;
    const double z0 = (c1 + c2) / denominator;
    state[i] = {scale * z0, scale * ((1 + s.a1) * z0 - c1)};
    scale *= (s.b0 + s.b1 + s.b2) / denominator;
  }
  return state;
}

std::vector<std::complex<double>> frequency_response(const Sos& sos,
                                                     const std::vector<double>& frequencies_hz,
                                                     double rate_hz) {
  check_rate(rate_hz);
  std::vector<std::complex<double>> response;
  for (const double hz : frequencies_hz) {
    const auto delay = std::polar(1.0, -2 * pi * hz / rate_hz);
    std::complex<double> gain = 1;
    for (const SosSection& s : sos) {
      gain *= (s.b0 + delay * (s.b1 + delay * s.b2)) / (1.0 + delay * (s.a1 + delay * s.a2));
    }
    response.push_back(gain);
  }
  return response;
}

double largest_pole_radius(const Sos& sos) {
  double radius = 0;
  for (const SosSection& s : sos) {
    const double discriminant = s.a1 * s.a1 - 4 * s.a2;
    radius = std::max(radius, discriminant < 0 ? std::sqrt(s.a2)
                                               : (std::abs(s.a1) + std::sqrt(discriminant)) / 2);
  }
  return radius;
}

double settling_samples(const Sos& sos, double fraction) {
  const double radius = largest_pole_radius(sos);
  return radius <= 0 ? 0 : std::log(fraction) / std::log(radius);
}

double decay_bound(const Sos& sos, double samples) {
  std::vector<Complex> poles;
  for (const SosSection& s : sos) {
    const Complex root = std::sqrt(Complex(s.a1 * s.a1 - 4 * s.a2));
    for (const Complex pole : {(-s.a1 + root) / 2.0, (-s.a1 - root) / 2.0}) {
      if (std::abs(pole) > 0) poles.push_back(pole);
    }
  }
  double bound = 0;
  for (std::size_t i = 0; i < poles.size(); ++i) {
    const Complex delay = 1.0 / poles[i];  // z^-1 at the pole
    Complex residue = 1;
    for (const SosSection& s : sos) residue *= s.b0 + delay * (s.b1 + delay * s.b2);
    for (std::size_t j = 0; j < poles.size(); ++j) {
      if (j != i) residue /= 1.0 - poles[j] * delay;
    }
    const double radius = std::abs(poles[i]);
    bound += std::abs(residue) * std::pow(radius, samples) / std::max(1 - radius, 0.0);
  }
  return std::isfinite(bound) ? bound : std::numeric_limits<double>::infinity();
}

Json sos_to_json(const Sos& sos) {
  Json rows = Json::array();
  for (const SosSection& s : sos) rows.push_back({s.b0, s.b1, s.b2, 1.0, s.a1, s.a2});
  return rows;
}

}  // namespace nest::signal
