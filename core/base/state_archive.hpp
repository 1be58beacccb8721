// The state of the engine as bytes and back, for a copy of a running server (record/): a class
// names its members once, in carry_state(StateArchive&), and the same lines save and load. Values
// without private parts need not even that. The bytes are of one build: numbers stand as in this
// machine's memory, little tells fields apart, and only a checksum around them makes them fit to be
// loaded. Equal states give equal bytes.
#pragma once

#include <algorithm>
#include <boost/pfr.hpp>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace zoetrope {

class StateArchive {
 public:
  // Appends what it is shown to `out`.
  explicit StateArchive(std::string& out) : out_(&out) {}
  // Overwrites what it is shown from `bytes`; views among it live as long as they do.
  explicit StateArchive(std::string_view bytes) : in_(bytes) {}

  template <class... T>
  void operator()(T&... members) {
    (carry(members), ...);
  }
  // When saving alone.
  template <class T>
  void save(const T& value) {
    carry(const_cast<T&>(value));
  }

  bool is_loading() const { return out_ == nullptr; }
  // False once the bytes were not what was to be loaded.
  bool ok() const { return !failed_; }
  bool at_end() const { return in_.empty(); }
  void fail() {
    failed_ = true;
    in_ = {};
  }

  void bytes(void* data, size_t size) {
    if (size == 0) return;  // of what is empty there may be no address
    if (!is_loading()) {
      out_->append(static_cast<const char*>(data), size);
    } else if (in_.size() < size) {
      fail();
    } else {
      std::memcpy(data, in_.data(), size);
      in_.remove_prefix(size);
    }
  }
  // Number of items that follow, each of which takes a byte at least.
  size_t count(size_t size) {
    uint64_t n = size;
    bytes(&n, sizeof n);
    if (is_loading() && n > in_.size()) fail();
    return failed_ ? 0 : n;
  }
  // A pointer to a value that `make` makes; in many places the value knows what it stands in.
  template <class Pointer, class Make>
  void owned(Pointer& pointer, Make&& make) {
    bool is_there = pointer != nullptr;
    carry(is_there);
    if (is_loading()) pointer = is_there ? make() : nullptr;
    if (is_there) carry(*pointer);
  }

 private:
  template <class T>
  static constexpr bool kHasOwn = requires(T& t, StateArchive& a) { t.carry_state(a); };
  template <class T>
  static constexpr bool kIsId = requires(T& t) {
    typename T::rep;
    t.value;
  };
  template <class T>
  static constexpr bool kIsMap = requires { typename T::mapped_type; };
  template <class T>
  static constexpr bool kIsSet = requires { typename T::key_type; };
  template <class T>
  static constexpr bool kIsSequence = requires(T& t) {
    t.emplace_back();
    t.front();
  };
  template <class T>
  static constexpr bool kIsShared = requires(T& t) { t.use_count(); };
  template <class T>
  static constexpr bool kIsArray = std::is_array_v<T> || requires { std::tuple_size<T>::value; };

  template <class T>
  void carry(T& value) {
    if constexpr (kHasOwn<T>) {
      mark(static_cast<uint8_t>(sizeof(T) ^ sizeof(T) >> 8));
      value.carry_state(*this);
    } else if constexpr (std::is_same_v<T, bool>) {
      auto byte = static_cast<uint8_t>(value);
      bytes(&byte, 1);
      if (byte > 1) return fail();
      value = byte != 0;
    } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
      bytes(&value, sizeof value);
    } else if constexpr (kIsId<T>) {
      carry(value.value);
    } else if constexpr (kIsMap<T>) {
      carry_map(value);
    } else if constexpr (kIsSet<T>) {
      carry_set(value);
    } else if constexpr (kIsSequence<T> || std::is_same_v<T, std::vector<bool>>) {
      carry_sequence(value);
    } else if constexpr (kIsShared<T>) {
      carry_shared(value);
    } else if constexpr (kIsArray<T> && !requires { value.first; }) {
      for (auto& item : value) carry(item);
    } else if constexpr (requires {
                           value.first;
                           value.second;
                         }) {
      carry(value.first);
      carry(value.second);
    } else {
      static_assert(std::is_aggregate_v<T>, "needs a carry_state()");
      mark(static_cast<uint8_t>(sizeof(T) + boost::pfr::tuple_size_v<T>));
      boost::pfr::for_each_field(value, [this](auto& field) { this->carry(field); });
    }
  }
  // In front of every object, so that another build's is refused before much of it is believed.
  void mark(uint8_t of_type) {
    uint8_t found = of_type;
    bytes(&found, 1);
    if (found != of_type) fail();
  }
  void carry(std::string& value) {
    const size_t size = count(value.size());
    if (is_loading()) value.resize(size);
    bytes(value.data(), size);
  }
  void carry(std::string_view& value) {
    const size_t size = count(value.size());
    if (!is_loading()) {
      out_->append(value);
    } else {
      value = in_.substr(0, size);
      in_.remove_prefix(size);
    }
  }
  template <class T>
  void carry(std::optional<T>& value) {
    bool is_there = value.has_value();
    carry(is_there);
    if (is_loading()) value.reset();
    // Not emplace() of nothing: clang takes some nested classes for not default-constructible.
    if (is_there && is_loading()) value.emplace(T{});
    if (is_there) carry(*value);
  }
  template <class... T>
  void carry(std::variant<T...>& value) {
    auto index = static_cast<uint8_t>(value.index());
    carry(index);
    if (is_loading()) {
      if (index >= sizeof...(T)) return fail();
      [&]<size_t... I>(std::index_sequence<I...>) {
        ((index == I ? static_cast<void>(value.template emplace<I>()) : void()), ...);
      }(std::index_sequence_for<T...>{});
    }
    std::visit([this](auto& alternative) { this->carry(alternative); }, value);
  }

  template <class T>
  void carry_shared(T& value) {
    using Pointee = std::remove_const_t<typename T::element_type>;
    bool is_there = value != nullptr;
    carry(is_there);
    if (!is_loading()) {
      if (is_there) save(*value);
      return;
    }
    value = nullptr;
    if (!is_there) return;
    auto made = std::make_shared<Pointee>();
    carry(*made);
    value = std::move(made);
  }
  template <class T>
  void carry_sequence(T& value) {
    const size_t size = count(value.size());
    if (is_loading()) {
      value.clear();
      value.resize(size);
    }
    for (auto& item : value) carry(item);
  }
  // In the order of the keys, whatever the map's own is.
  template <class T>
  void carry_map(T& value) {
    size_t size = count(value.size());
    if (is_loading()) {
      value.clear();
      for (; size > 0 && ok(); --size) {
        typename T::key_type key{};
        typename T::mapped_type mapped{};
        (*this)(key, mapped);
        value.emplace(std::move(key), std::move(mapped));
      }
      return;
    }
    std::vector<typename T::value_type*> items;
    items.reserve(size);
    for (auto& item : value) items.push_back(&item);
    std::sort(items.begin(), items.end(), [](auto* a, auto* b) { return a->first < b->first; });
    for (auto* item : items) {
      save(item->first);
      carry(item->second);
    }
  }
  template <class T>
  void carry_set(T& value) {
    size_t size = count(value.size());
    if (!is_loading()) {
      for (const auto& key : value) save(key);
      return;
    }
    value.clear();
    for (; size > 0 && ok(); --size) {
      typename T::key_type key{};
      carry(key);
      value.insert(std::move(key));
    }
  }

  std::string* out_ = nullptr;
  std::string_view in_;
  bool failed_ = false;
};

}  // namespace zoetrope
