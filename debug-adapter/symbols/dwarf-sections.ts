/** The sections that debug information is spread over; absent ones are empty. */
import { sectionBytes } from './elf.ts';
import type { ElfFile } from './symbol-api.ts';

export interface DwarfSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly strOffsets: Uint8Array;
  readonly addr: Uint8Array;
  readonly ranges: Uint8Array;
  readonly rnglists: Uint8Array;
  readonly loc: Uint8Array;
  readonly loclists: Uint8Array;
  readonly line: Uint8Array;
  readonly frame: Uint8Array;
  readonly ehFrame: Uint8Array;
  readonly ehFrameAddress: bigint;
}

export function dwarfSections(elf: ElfFile, warnings: string[]): DwarfSections {
  const bytes = (name: string): Uint8Array => {
    const section = sectionBytes(elf, name);
    if (section.compressed) {
      warnings.push(
        `${name} of ${elf.name} is compressed and was not read. Link with -Wl,--compress-debug-sections=none.`,
      );
    }
    return section.bytes;
  };
  if (elf.sections.some((section) => section.name === '.debug_types' && section.size > 0)) {
    warnings.push(
      `The types in .debug_types of ${elf.name} were not read. Compile without -fdebug-types-section, or with -gdwarf-5.`,
    );
  }
  return {
    info: bytes('.debug_info'),
    abbrev: bytes('.debug_abbrev'),
    str: bytes('.debug_str'),
    lineStr: bytes('.debug_line_str'),
    strOffsets: bytes('.debug_str_offsets'),
    addr: bytes('.debug_addr'),
    ranges: bytes('.debug_ranges'),
    rnglists: bytes('.debug_rnglists'),
    loc: bytes('.debug_loc'),
    loclists: bytes('.debug_loclists'),
    line: bytes('.debug_line'),
    frame: bytes('.debug_frame'),
    ehFrame: bytes('.eh_frame'),
    ehFrameAddress: sectionBytes(elf, '.eh_frame').address,
  };
}
