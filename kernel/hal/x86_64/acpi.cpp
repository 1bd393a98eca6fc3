#include "acpi.hpp"

#include <hal/interface/memory.hpp>

namespace a9n::hal
{
    namespace
    {
        struct [[gnu::packed]] root_pointer
        {
            char     signature[8];
            uint8_t  checksum;
            char     oem[6];
            uint8_t  revision;
            uint32_t rsdt;
            uint32_t length;
            word     xsdt;
        };

        struct [[gnu::packed]] table_header
        {
            char     signature[4];
            uint32_t length;
            uint8_t  revision;
            uint8_t  checksum;
            char     oem[6 + 8 + 4];
            char     creator[4 + 4];
        };

        static_assert(sizeof(table_header) == 36);

        struct [[gnu::packed]] madt_header
        {
            table_header header;
            uint32_t     local_apic;
            uint32_t     flags;
        };

        struct [[gnu::packed]] madt_entry
        {
            uint8_t type;
            uint8_t length;
        };

        struct [[gnu::packed]] madt_io_apic
        {
            madt_entry entry;
            uint8_t    id;
            uint8_t    reserved;
            uint32_t   address;
            uint32_t   first_interrupt;
        };

        struct [[gnu::packed]] madt_override
        {
            madt_entry entry;
            uint8_t    bus;
            uint8_t    source;
            uint32_t   global_interrupt;
            uint16_t   flags;
        };

        struct [[gnu::packed]] madt_local_apic_address
        {
            madt_entry entry;
            uint16_t   reserved;
            word       address;
        };

        enum madt_entry_type : uint8_t
        {
            io_apic_entry            = 1,
            override_entry           = 2,
            local_apic_address_entry = 5,
        };

        constexpr word fadt_pm_timer_block = 76;

        bool has_signature(const char* found, const char* wanted, word length)
        {
            for (word i = 0; i < length; i++)
            {
                if (found[i] != wanted[i])
                {
                    return false;
                }
            }
            return true;
        }

        const table_header* reach_table(physical_address address)
        {
            if (address == 0 || !make_reachable(address, sizeof(table_header)))
            {
                return nullptr;
            }
            const auto* table = to_pointer<table_header>(address);
            return make_reachable(address, table->length) ? table : nullptr;
        }

        /// Finds the table with `signature` in an XSDT (entry size 8) or RSDT (entry size 4).
        const table_header* find_table(const table_header* directory, word entry_size, const char* signature)
        {
            const auto* entries = reinterpret_cast<const uint8_t*>(directory + 1);
            for (word at = 0; at + entry_size <= directory->length - sizeof(table_header); at += entry_size)
            {
                physical_address address = 0;
                for (word i = 0; i < entry_size; i++)
                {
                    address |= static_cast<word>(entries[at + i]) << (8 * i);
                }
                const table_header* table = reach_table(address);
                if (table != nullptr && has_signature(table->signature, signature, 4))
                {
                    return table;
                }
            }
            return nullptr;
        }

        void read_override(const madt_override& entry, machine_description& machine)
        {
            if (entry.source >= isa_interrupts)
            {
                return;
            }
            // Polarity and trigger mode: 0 as the bus (ISA: active high, edge), 3 active low or level.
            machine.isa[entry.source] = {
                .global_interrupt = entry.global_interrupt,
                .active_low       = (entry.flags & 3) == 3,
                .level_triggered  = (entry.flags >> 2 & 3) == 3,
            };
        }

        void read_madt(const table_header* table, machine_description& machine)
        {
            const auto* madt   = reinterpret_cast<const madt_header*>(table);
            const auto* bytes  = reinterpret_cast<const uint8_t*>(table);
            machine.local_apic = madt->local_apic;
            for (word at = sizeof(madt_header); at + sizeof(madt_entry) <= table->length;)
            {
                const auto* entry = reinterpret_cast<const madt_entry*>(bytes + at);
                if (entry->length < sizeof(madt_entry) || at + entry->length > table->length)
                {
                    return;
                }
                switch (entry->type)
                {
                    case io_apic_entry:
                        if (machine.io_apic == 0)
                        {
                            const auto* io_apic             = reinterpret_cast<const madt_io_apic*>(entry);
                            machine.io_apic                 = io_apic->address;
                            machine.io_apic_first_interrupt = io_apic->first_interrupt;
                        }
                        break;
                    case override_entry:
                        read_override(*reinterpret_cast<const madt_override*>(entry), machine);
                        break;
                    case local_apic_address_entry:
                        machine.local_apic = reinterpret_cast<const madt_local_apic_address*>(entry)->address;
                        break;
                    default:
                        break;
                }
                at += entry->length;
            }
        }
    }

    const char* read_acpi_tables(physical_address rsdp, machine_description& machine)
    {
        machine = {};
        for (uint32_t i = 0; i < isa_interrupts; i++)
        {
            machine.isa[i] = { .global_interrupt = i, .active_low = false, .level_triggered = false };
        }

        if (!make_reachable(rsdp, sizeof(root_pointer)))
        {
            return "ACPI: RSDP out of reach (boot_info.arch_info[0])";
        }
        const auto* pointer = to_pointer<root_pointer>(rsdp);
        if (!has_signature(pointer->signature, "RSD PTR ", 8))
        {
            return "ACPI: no RSDP at boot_info.arch_info[0]";
        }
        const bool has_xsdt = pointer->revision >= 2 && pointer->xsdt != 0;
        const table_header* directory = reach_table(has_xsdt ? pointer->xsdt : pointer->rsdt);
        if (directory == nullptr || directory->length < sizeof(table_header))
        {
            return "ACPI: no XSDT or RSDT";
        }
        const word entry_size = has_xsdt ? 8 : 4;

        const table_header* madt = find_table(directory, entry_size, "APIC");
        if (madt == nullptr)
        {
            return "ACPI: no MADT";
        }
        read_madt(madt, machine);
        if (machine.io_apic == 0)
        {
            return "ACPI: no I/O APIC in the MADT";
        }

        const table_header* fadt = find_table(directory, entry_size, "FACP");
        if (fadt == nullptr || fadt->length < fadt_pm_timer_block + 4)
        {
            return "ACPI: no FADT";
        }
        const auto* timer     = reinterpret_cast<const uint8_t*>(fadt) + fadt_pm_timer_block;
        machine.pm_timer_port = static_cast<uint16_t>(timer[0] | timer[1] << 8);
        return machine.pm_timer_port == 0 ? "ACPI: no PM timer in the FADT" : nullptr;
    }
}
