#include "drivers/profile/profile.hpp"

namespace sitepower {

bool is_integer(PointType type) {
    return type <= PointType::acc64;
}

bool is_number(PointType type) {
    return type != PointType::sunssf && type != PointType::string;
}

int registers_of(PointType type) {
    switch (type) {
        case PointType::string:
        case PointType::datetime:
            return 0;
        case PointType::u16:
        case PointType::s16:
        case PointType::boolean:
        case PointType::sunssf:
            return 1;
        case PointType::u32:
        case PointType::s32:
        case PointType::acc32:
        case PointType::f32:
            return 2;
        case PointType::u48:
        case PointType::s48:
            return 3;
        case PointType::u64:
        case PointType::s64:
        case PointType::acc64:
        case PointType::f64:
            return 4;
    }
    return 0;
}

int registers_of(const ProfilePoint& point) {
    if (point.type == PointType::datetime) return static_cast<int>((point.fields.size() + 1) / 2);
    return point.type == PointType::string ? point.length : registers_of(point.type);
}

}  // namespace sitepower
