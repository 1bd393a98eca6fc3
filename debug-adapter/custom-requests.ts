/**
 * Requests and events beyond the Debug Adapter Protocol, typed in this one file and shared with the extension.
 * 64-bit values travel as hexadecimal text (`0x…`).
 */

/** Text for a person in `label`/`detail`; the extension renders nothing from raw numbers itself. */
export interface CapabilitySlot {
  readonly index: number;
  /** Capability type in the ABI's words: NODE, GENERIC, FRAME … */
  readonly type: string;
  /** Rights as words, for example `READ WRITE COPY MODIFY`. */
  readonly rights: readonly string[];
  /** The descriptor by which the owning process names this slot, hexadecimal. */
  readonly descriptor: string;
  /** What it refers to: the object's name and address, a frame's physical address, a Generic's size and use … */
  readonly object: string;
  /** Details as name and value, for a tooltip. */
  readonly properties: ReadonlyArray<{ readonly name: string; readonly value: string }>;
  /** Set if this is a node: pass it to `a9n/capabilitySlots`. */
  readonly nodeReference?: string;
  /** Address of the kernel object or memory, for View Memory. */
  readonly memoryReference?: string;
}

/** `a9n/capabilitySpaces`: the root node of each process. */
export interface CapabilitySpacesResponse {
  readonly spaces: ReadonlyArray<{
    readonly threadId: number;
    readonly process: string;
    readonly nodeReference: string;
    readonly radix: number;
    readonly usedSlots: number;
  }>;
}

/** `a9n/capabilitySlots`: the used slots of one node. */
export interface CapabilitySlotsArguments {
  readonly nodeReference: string;
}
export interface CapabilitySlotsResponse {
  readonly radix: number;
  readonly slots: readonly CapabilitySlot[];
}

/** `a9n/addressSpaces`: the PML4 of each process, and the kernel's where it differs. */
export interface AddressSpacesResponse {
  readonly spaces: ReadonlyArray<{
    readonly threadId?: number;
    readonly name: string;
    /** Physical address of the PML4. */
    readonly root: string;
  }>;
}

/** `a9n/pageTable`: one table's present entries, runs of alike entries folded. */
export interface PageTableArguments {
  readonly root: string;
  /** Physical address of the table; the PML4 if absent. */
  readonly table?: string;
  /** 4 PML4 … 1 PT. */
  readonly level: number;
  /** Virtual address that the table's entry 0 translates. */
  readonly base: string;
}
export interface PageTableRow {
  readonly firstIndex: number;
  /** Entries folded into this row. */
  readonly count: number;
  readonly virtualStart: string;
  /** Exclusive; `0x10000000000000000` for the end of the address space. */
  readonly virtualEnd: string;
  readonly physicalAddress: string;
  /** Size of the whole row in words, for example `12 KiB`. */
  readonly size: string;
  /** Flags in words, for example `read`, `write`, `execute`, `user`, `accessed`, `dirty`, `global`. */
  readonly flags: readonly string[];
  /** `table` rows expand into the next level. */
  readonly kind: 'table' | 'page';
  readonly level: number;
}
export interface PageTableResponse {
  readonly rows: readonly PageTableRow[];
}

/** `a9n/translateAddress`: the path to the entry for one address. */
export interface TranslateAddressArguments {
  readonly root: string;
  /** Any expression that the evaluate request accepts, or an address. */
  readonly expression: string;
  readonly frameId?: number;
}
export interface TranslateAddressResponse {
  readonly virtualAddress: string;
  /** Absent if not mapped. */
  readonly physicalAddress?: string;
  /** Index per level from PML4 downwards, as far as the walk found present entries. */
  readonly path: ReadonlyArray<{ readonly level: number; readonly index: number; readonly table: string }>;
  /** A sentence for a person. */
  readonly explanation: string;
}

/** `a9n/serialInput`: text the user typed into the machine's terminal. */
export interface SerialInputArguments {
  readonly text: string;
}

/** Event `a9n/serialOutput`: text the guest wrote to its serial port, in order. */
export interface SerialOutputEventBody {
  readonly text: string;
}

/** The attributes of a launch configuration of type `a9n`. Paths are file-system paths or URIs, opaque to the adapter. */
export interface LaunchConfiguration {
  /** A9N kernel, an x86-64 ELF file. Default: the bundled kernel. */
  readonly kernel: string;
  /** Init server, an x86-64 ELF file. Default: the bundled KOITO server. */
  readonly init: string;
  /** Further ELF files with debug information for programs that run in the guest. */
  readonly programs?: readonly string[];
  /** RAM: a number of bytes or text such as `256M`. Default 256M. */
  readonly memory?: string | number;
  /** CPU model: which instructions there are. `x86-64-v1`, `x86-64-v2` or `x86-64-v3`; default v3. */
  readonly cpu?: string;
  /** Stop at the kernel's first instruction. */
  readonly stopOnEntry?: boolean;
  /** Prefixes of source paths in the debug information, and where those files are for the editor. */
  readonly sourceMap?: Readonly<Record<string, string>>;
  /** Stop on an opcode that the emulator does not know, instead of raising #UD in the guest. */
  readonly stopOnUnknownOpcode?: boolean;
  /** The machine's name, shown on its terminal. Default: the configuration's name. */
  readonly machineName?: string;
}
