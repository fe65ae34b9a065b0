#include "drivers/modbus/register_map.hpp"

namespace sitepower::modbus {

int RegisterPoint::registers() const {
    switch (type) {
        case ValueType::boolean:
        case ValueType::u16:
        case ValueType::s16:
            return 1;
        case ValueType::u32:
        case ValueType::s32:
        case ValueType::f32:
            return 2;
        case ValueType::u48:
        case ValueType::s48:
            return 3;
        case ValueType::u64:
        case ValueType::s64:
        case ValueType::f64:
            return 4;
        case ValueType::datetime:
        case ValueType::text:
            return length;
    }
    return 1;
}

}  // namespace sitepower::modbus
