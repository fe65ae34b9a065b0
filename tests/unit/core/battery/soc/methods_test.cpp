#include "core/battery/soc/methods.hpp"

#include <gtest/gtest.h>

#include "core/base/identifier.hpp"
#include "core/site/settings.hpp"

namespace sitepower {
namespace {

TEST(SocMethods, AreFoundByNameAndMakeEstimators) {
    ASSERT_FALSE(soc_methods().empty());
    for (const SocMethod& method : soc_methods()) {
        EXPECT_TRUE(is_identifier(method.name));
        EXPECT_EQ(find_soc_method(method.name), &method);
        GroupSetup setup;
        setup.batteries = 1;
        EXPECT_NE(method.make(setup), nullptr);
    }
    EXPECT_EQ(find_soc_method("crystal-ball"), nullptr);
    EXPECT_NE(find_soc_method(BatterySettings{}.soc_method), nullptr) << "the default is in the table";
}

}  // namespace
}  // namespace sitepower
