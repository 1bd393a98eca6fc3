// From what the registers of an MC146818 hold to seconds since 1970.
#pragma once

#include <a9n/abi.hpp>
#include <stdint.h>

namespace rtc
{
    using a9n::abi::word;

    struct clock_registers
    {
        uint8_t second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0, century = 0;
        bool    is_binary   = false; ///< else BCD
        bool    is_24_hours = false; ///< else bit 7 of the hour is PM

        bool operator==(const clock_registers &) const = default;
    };

    /// Days from 1970-01-01 to a date of the Gregorian calendar, year from 1970 on.
    constexpr word days_since_epoch(word year, word month, word day)
    {
        // Years that begin in March: the leap day is their last.
        const word shifted_year  = month > 2 ? year : year - 1;
        const word shifted_month = month > 2 ? month - 3 : month + 9;
        const word day_of_year   = (153 * shifted_month + 2) / 5 + day - 1;
        const word leap_days     = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
        constexpr word epoch     = 719'468; ///< 1970-01-01 counted from March of year 0
        return shifted_year * 365 + leap_days + day_of_year - epoch;
    }

    /// False if the registers hold no date.
    constexpr bool seconds_since_epoch(const clock_registers &registers, word &seconds)
    {
        constexpr uint8_t pm   = 0x80;
        bool              good = true;
        const auto        value = [&](uint8_t field) -> word
        {
            if (registers.is_binary)
            {
                return field;
            }
            good = good && (field & 15) < 10 && field >> 4 < 10;
            return (field >> 4) * 10u + (field & 15u);
        };
        const bool is_pm = !registers.is_24_hours && (registers.hour & pm) != 0;
        word       hour  = value(registers.is_24_hours ? registers.hour : registers.hour & static_cast<uint8_t>(~pm));
        if (!registers.is_24_hours)
        {
            good = good && hour >= 1 && hour <= 12;
            hour = hour % 12 + (is_pm ? 12 : 0);
        }
        const word second = value(registers.second), minute = value(registers.minute), day = value(registers.day);
        const word month = value(registers.month), year_of_century = value(registers.year);

        // Not every clock has the century, and those that have keep it in BCD, as a rule.
        constexpr word this_century = 20;
        word           century      = registers.is_binary ? registers.century : (registers.century >> 4) * 10u + (registers.century & 15u);
        century                     = century >= 19 && century <= 29 ? century : this_century;
        const word year             = century * 100 + year_of_century;

        if (!good || second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 || month < 1 || month > 12
            || year_of_century > 99 || year < 1970)
        {
            return false;
        }
        seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
        return true;
    }
}
