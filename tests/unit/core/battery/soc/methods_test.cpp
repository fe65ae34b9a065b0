#include "core/battery/soc/methods.hpp"

#include <gtest/gtest.h>

#include "core/base/identifier.hpp"
#include "core/battery/soc/counting/counting.hpp"
#include "core/battery/soc/kalman/kalman.hpp"
#include "core/site/settings.hpp"
#include "tests/unit/core/battery/model/some_parameters.hpp"

namespace sitepower::methods_test {
namespace {

GroupSetup setup_of_a_cell() {
    GroupSetup setup;
    setup.batteries = 1;
    setup.model = std::make_shared<const CellModel>(some_cell());
    return setup;
}

TEST(SocMethods, AreFoundByNameAndMakeEstimators) {
    ASSERT_FALSE(soc_methods().empty());
    for (const SocMethod& method : soc_methods()) {
        EXPECT_TRUE(is_identifier(method.name));
        EXPECT_EQ(find_soc_method(method.name), &method);
        EXPECT_NE(method.make(setup_of_a_cell()), nullptr);
    }
    EXPECT_EQ(find_soc_method("crystal-ball"), nullptr);
    EXPECT_NE(find_soc_method(BatterySettings{}.soc_method), nullptr) << "the default is in the table";
}

TEST(SocMethods, ChargeIsCountedWhereTheMethodCannotBeHad) {
    GroupSetup setup = setup_of_a_cell();
    const auto is_counting = [&](std::string_view name) {
        return dynamic_cast<CountingEstimator*>(make_soc_estimator(name, setup).get()) != nullptr;
    };
    EXPECT_FALSE(is_counting("kalman"));
    EXPECT_TRUE(is_counting("counting"));
    EXPECT_TRUE(is_counting("crystal-ball"));
    setup.model = nullptr;
    EXPECT_TRUE(is_counting("kalman"));
}

}  // namespace
}  // namespace sitepower::methods_test
