// A callable that can be moved and not copied, so that it may own what it answers with. (The standard has one
// from C++23 on.) Belongs to whoever holds it; calling an empty one is a bug.
#pragma once

#include <cassert>
#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace sitepower {

template <class Signature>
class UniqueFunction;

template <class R, class... Arguments>
class UniqueFunction<R(Arguments...)> {
  public:
    UniqueFunction() = default;

    template <class Callable>
    requires(!std::same_as<std::remove_cvref_t<Callable>, UniqueFunction> &&
             std::is_invocable_r_v<R, Callable&, Arguments...>)
        UniqueFunction(Callable&& callable)  // NOLINT(*-explicit-constructor,*-forwarding-reference-overload)
        : target_(std::make_unique<Holder<std::decay_t<Callable>>>(std::forward<Callable>(callable))) {}

    explicit operator bool() const { return target_ != nullptr; }

    R operator()(Arguments... arguments) {
        assert(target_);
        return target_->call(std::forward<Arguments>(arguments)...);
    }

  private:
    struct Target {
        Target() = default;
        Target(const Target&) = delete;
        Target& operator=(const Target&) = delete;
        virtual ~Target() = default;
        virtual R call(Arguments... arguments) = 0;
    };
    template <class Callable>
    struct Holder final : Target {
        template <class From>  // NOLINTNEXTLINE(*-forwarding-reference-overload): made by UniqueFunction only
        explicit Holder(From&& from) : callable(std::forward<From>(from)) {}
        R call(Arguments... arguments) override { return callable(std::forward<Arguments>(arguments)...); }
        Callable callable;
    };

    std::unique_ptr<Target> target_;
};

}  // namespace sitepower
