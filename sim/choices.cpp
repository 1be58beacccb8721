#include "sim/choices.hpp"

#include <algorithm>
#include <bit>

namespace zoetrope::sim {

uint64_t Site::below(uint64_t bound) {
  return static_cast<uint64_t>(between(0, static_cast<int64_t>(bound) - 1));
}

int64_t Site::between(int64_t low, int64_t high) {
  return note(is_told() ? std::clamp((*told_)[count_], low, high) : random_.between(low, high));
}

uint64_t Site::next() {
  return std::bit_cast<uint64_t>(
      note(is_told() ? (*told_)[count_] : std::bit_cast<int64_t>(random_.next())));
}

int64_t Site::note(int64_t value) {
  ++count_;
  if (keeps_) chosen_.push_back(value);
  return value;
}

Site& Choices::site(const std::string& name) {
  std::unique_ptr<Site>& site = sites_[name];
  if (site == nullptr) {
    const std::vector<int64_t>* told = nullptr;
    if (told_ != nullptr) {
      const auto it = told_->find(name);
      if (it != told_->end()) told = &it->second;
    }
    site = std::make_unique<Site>(random_.fork(name), told, keeps_);
  }
  return *site;
}

ChoiceList Choices::taken() const {
  ChoiceList list;
  for (const auto& [name, site] : sites_) {
    if (!site->chosen().empty()) list.emplace(name, site->chosen());
  }
  return list;
}

}  // namespace zoetrope::sim
