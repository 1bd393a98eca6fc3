/**
 * What the rest of the adapter sees of a program's symbols: plain types, no code. Everything is synchronous;
 * memory and registers come in through `FrameContext`, nothing here knows DAP or the emulator.
 *
 * Entry points:
 *   parseElf(bytes, name)                      elf.ts              the file itself; throws SymbolError
 *   loadProgramSymbols(elf)                    program-symbols.ts  → ProgramSymbols, lazy, never throws on bad DWARF
 *   formatValue, childrenOf, childCount, …     ../values/          values as text and trees
 *   evaluateExpression(text, scope)            ../expressions/     → Value; throws ExpressionError
 *
 * Addresses are link-time virtual addresses, which in a static guest program are also its run-time addresses.
 */

// ---------------------------------------------------------------------------------------------- ELF

export interface ElfSegment {
  readonly type: number;
  readonly virtualAddress: bigint;
  readonly physicalAddress: bigint;
  /** Contents in the file; `memorySize` may be larger (zero-filled). */
  readonly bytes: Uint8Array;
  readonly memorySize: bigint;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  /** Size in memory; equals bytes.length except for NOBITS sections. */
  readonly size: number;
  /** Decompressed contents; empty for NOBITS. */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  /** As in the file: mangled for C++. */
  readonly name: string;
  readonly address: bigint;
  /** 0 if the assembler source gave no `.size`. */
  readonly size: number;
  readonly kind: 'function' | 'object' | 'other';
  readonly binding: 'local' | 'global' | 'weak';
}

export interface ElfFile {
  /** Name for messages, as the caller gave it. */
  readonly name: string;
  readonly type: 'executable' | 'shared' | 'relocatable' | 'core';
  readonly entry: bigint;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  /** Defined symbols of .symtab, sorted by address. */
  readonly symbols: readonly ElfSymbol[];
}

// ------------------------------------------------------------------------------------------- frames

/** Registers by DWARF number (System V psABI x86-64, figure 3.36); see register-numbers.ts for names. */
export type DwarfRegister = number;

/** All or nothing: undefined if any byte is unreadable. */
export type MemoryReader = (address: bigint, length: number) => Uint8Array | undefined;

/** One physical frame: what registers held in it. The innermost one wraps the machine; `unwind` makes the others. */
export interface FrameContext {
  /** Next instruction to execute, or the return address. */
  readonly pc: bigint;
  /** False in a caller: `pc` is a return address, and the call that made it lies just before. */
  readonly pcIsExact: boolean;
  /** undefined if the value is not known in this frame. */
  readRegister(register: DwarfRegister): bigint | undefined;
  readonly readMemory: MemoryReader;
  /** Set by whoever walks the stack, for DW_OP_entry_value; frames made by `unwind` know their own callers. */
  readonly caller?: () => FrameContext | undefined;
}

export type UnwindResult =
  /** `signalFrame`: the *frame just unwound* was an interrupt or system-call entry, so the caller's pc is exact. */
  | {
      readonly kind: 'caller';
      readonly frame: FrameContext;
      readonly cfa: bigint;
      readonly signalFrame: boolean;
    }
  /** The return address is undefined by rule: the outermost frame. */
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface AddressRange {
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint;
}

/** A function with code: one DW_TAG_subprogram, or an ELF function symbol where there is no debug information. */
export interface FunctionSymbol {
  /** Qualified, without parameters: `ulmm::buddy<4096>::allocate`. */
  readonly name: string;
  readonly linkageName: string | undefined;
  /** The first range holds the entry point; more if the compiler split off cold code. */
  readonly ranges: readonly AddressRange[];
  readonly entry: bigint;
  readonly declaration: SourceLocation | undefined;
  readonly hasDebugInformation: boolean;
}

/** A frame as a source-level debugger shows it: inlined calls are frames of their own above the real one. */
export interface SourceFrame {
  readonly functionName: string;
  readonly function: FunctionSymbol;
  readonly inlined: boolean;
  /** Where the frame is: the line of pc for the innermost, the call's line for those that it was inlined into. */
  readonly location: SourceLocation | undefined;
  /** Code of this function or inlined instance. */
  readonly ranges: readonly AddressRange[];
  /** Opaque: pass it to `variablesIn`. */
  readonly scope: ScopeReference;
}

/** Opaque reference to a function, inlined instance or block in the debug information, at one pc. */
export interface ScopeReference {
  readonly lookupPc: bigint;
  readonly unitOffset: number;
  readonly entryOffset: number;
}

// -------------------------------------------------------------------------------------------- lines

export interface SourceLocation {
  /** Absolute and normalised, with forward slashes, as the debug information names it (`/a9n/kernel/core/…`). */
  readonly path: string;
  /** 1-based; 0 if the compiler gave none. */
  readonly line: number;
  /** 1-based; 0 if the compiler gave none. */
  readonly column: number;
}

export interface LineEntry extends SourceLocation, AddressRange {
  readonly isStatement: boolean;
}

export interface BreakpointLocation {
  readonly address: bigint;
  /** Where it really is: the nearest following line with code. */
  readonly location: SourceLocation;
  readonly functionName: string | undefined;
}

// -------------------------------------------------------------------------------------------- types

export type BaseEncoding =
  | 'signed'
  | 'unsigned'
  | 'boolean'
  | 'float'
  | 'signed-char'
  | 'unsigned-char'
  /** char8_t, char16_t, char32_t, wchar_t in Unicode; Rust's char. */
  | 'utf'
  | 'address'
  /** Complex, decimal float: shown as bytes. */
  | 'other';

export interface Member {
  /** Empty for an anonymous struct or union, whose members belong to the outer one. */
  readonly name: string;
  readonly type: Type;
  /** Bytes from the start of the object. */
  readonly offset: number;
  /** Bit-field: starts `offset` bits (0…7) above the least significant bit of the byte at the member's offset, `size` bits wide. */
  readonly bits?: { readonly offset: number; readonly size: number };
  /** The compiler made it (vtable pointer …). */
  readonly artificial: boolean;
}

export interface BaseClass {
  readonly type: Type;
  /** undefined for a virtual base whose place only the running program knows. */
  readonly offset: number | undefined;
}

export interface StaticMember {
  readonly name: string;
  readonly type: Type;
  readonly constant: bigint | undefined;
}

/** `name` is the qualified name without keyword (`a9n::kernel::process`); undefined if anonymous. `size` in bytes, -1 if unknown.
 * Types reached through a property (`target`, `members`, …) are read from the file on first use. */
export type Type =
  | { readonly kind: 'void'; readonly name: string; readonly size: 0 }
  | {
      readonly kind: 'base';
      readonly name: string;
      readonly size: number;
      readonly encoding: BaseEncoding;
    }
  | {
      readonly kind: 'pointer' | 'reference' | 'rvalue-reference';
      readonly name: string | undefined;
      readonly size: number;
      readonly target: Type;
    }
  | {
      readonly kind: 'structure';
      readonly keyword: 'struct' | 'class' | 'union';
      readonly name: string | undefined;
      readonly size: number;
      /** No definition of it was found in the program. */
      readonly incomplete: boolean;
      /** C: written `struct name`. */
      readonly needsKeyword: boolean;
      readonly members: readonly Member[];
      readonly baseClasses: readonly BaseClass[];
      readonly staticMembers: readonly StaticMember[];
    }
  | {
      readonly kind: 'array';
      readonly name: undefined;
      readonly size: number;
      readonly element: Type;
      /** undefined: unknown bound (`extern int a[]`, flexible array member). */
      readonly count: number | undefined;
      /** GNU vector types such as __m128i. */
      readonly vector: boolean;
    }
  | {
      readonly kind: 'enumeration';
      readonly name: string | undefined;
      readonly size: number;
      readonly signed: boolean;
      /** `enum class`: enumerators are named with the enumeration. */
      readonly scoped: boolean;
      /** C: written `enum name`. */
      readonly needsKeyword: boolean;
      readonly enumerators: ReadonlyArray<{ readonly name: string; readonly value: bigint }>;
    }
  | { readonly kind: 'typedef'; readonly name: string; readonly size: number; readonly target: Type }
  | {
      readonly kind: 'qualified';
      readonly qualifier: 'const' | 'volatile' | 'restrict' | '_Atomic';
      readonly name: undefined;
      readonly size: number;
      readonly target: Type;
    }
  | {
      readonly kind: 'function';
      readonly name: undefined;
      readonly size: number;
      readonly result: Type;
      readonly parameters: readonly Type[];
      readonly variadic: boolean;
    }
  | {
      readonly kind: 'member-pointer';
      readonly name: undefined;
      readonly size: number;
      readonly target: Type;
      readonly container: Type;
    }
  /** decltype(nullptr), or a tag this reader does not know: shown as bytes. */
  | { readonly kind: 'unspecified'; readonly name: string; readonly size: number };

// ----------------------------------------------------------------------------- variables and values

/** Where an object's bytes are, as found by evaluating its location in one frame. */
export type Storage =
  | { readonly kind: 'memory'; readonly address: bigint }
  | { readonly kind: 'register'; readonly register: DwarfRegister; readonly offset: number }
  /** Computed, or a constant: has bytes but no place. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Parts of it in different places, in order; sizes in bits. */
  | {
      readonly kind: 'pieces';
      readonly pieces: ReadonlyArray<{
        readonly storage: Storage;
        readonly bitSize: number;
        readonly bitOffset: number;
      }>;
    }
  /** `reason` is text for a person, for example `optimized out`. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface Variable {
  readonly name: string;
  readonly kind: 'parameter' | 'local' | 'global';
  readonly type: Type;
  readonly declaration: SourceLocation | undefined;
  /** A variable of the same name in an inner block hides this one: its name cannot be used in an expression. */
  readonly shadowed: boolean;
  /** The compiler made it: `this`. */
  readonly artificial: boolean;
  /** Places it; globals need no frame but memory. Never throws. */
  locate(frame: FrameContext): Value;
}

/** An enumerator named in an expression. */
export interface EnumeratorReference {
  readonly type: Type;
  readonly value: bigint;
}

/** A typed object in one frame. */
export interface Value {
  readonly type: Type;
  readonly storage: Storage;
  /** Bit-field: relative to the storage's first byte. */
  readonly bits?: { readonly offset: number; readonly size: number };
}

// ------------------------------------------------------------------------------------------ program

export interface ProgramSymbols {
  readonly name: string;
  readonly elf: ElfFile;
  /** False: only ELF symbols and CFI are there. */
  readonly hasDebugInformation: boolean;
  /** What was unreadable in the debug information so far, as text for a person; grows as units are read. */
  readonly warnings: readonly string[];

  /** Loadable segments that the program cannot change itself: compare with memory to recognise it. */
  readonly readOnlySegments: ReadonlyArray<{
    readonly address: bigint;
    readonly bytes: Uint8Array;
    readonly executable: boolean;
  }>;
  /** The address lies in code or data of this program. */
  contains(address: bigint): boolean;

  // Lines
  /** Every source file with code, sorted. */
  sourceFiles(): readonly string[];
  lineAt(pc: bigint): LineEntry | undefined;
  /** Everything the line table says of the place that `lineAt` describes: inlined code that left no instructions
   * has its lines there too. */
  linesAt(pc: bigint): readonly SourceLocation[];
  /** The addresses to stop at for a line: one for each inlined or template instance; the nearest following line that has code.
   * Empty if the file has no code at or after it. `path` as in `sourceFiles`. */
  breakpointLocations(path: string, line: number, column?: number): readonly BreakpointLocation[];
  /** Lines and columns of statements in a range of lines, for the breakpointLocations request. */
  statementsBetween(path: string, firstLine: number, lastLine: number): readonly SourceLocation[];
  /** The contiguous code around pc that belongs to the same line: stepping runs until pc leaves it. */
  lineRange(pc: bigint): AddressRange | undefined;
  /** pc is the first instruction of a statement: a good place for a step to end. */
  isStatementStart(pc: bigint): boolean;

  // Functions
  functionAt(pc: bigint): FunctionSymbol | undefined;
  /** By `a::b::f`, by any trailing part of it (`b::f`, `f`), or by linkage name. */
  functionsNamed(name: string): readonly FunctionSymbol[];
  /** Every function with code; for completion and search. */
  functions(): readonly FunctionSymbol[];
  /** A function type; undefined without debug information. */
  typeOfFunction(symbol: FunctionSymbol): Type | undefined;
  /** The address after the prologue, where arguments can be read. */
  afterPrologue(symbol: FunctionSymbol): bigint;
  /** One per function of that name and per place it was inlined. */
  functionBreakpoints(name: string): readonly BreakpointLocation[];
  /** The variable with a fixed address that `address` lies in; static variables of functions are named `function::variable`. */
  objectAt(
    address: bigint,
  ): { readonly name: string; readonly type: Type; readonly offset: bigint } | undefined;
  /** The ELF symbol at or before the address. `name` is as C++ writes it, where that is known. */
  symbolAt(
    address: bigint,
  ): { readonly name: string; readonly offset: bigint; readonly symbol: ElfSymbol } | undefined;
  symbolNamed(name: string): ElfSymbol | undefined;

  // Frames
  /** Innermost first; empty if no function is known there. Pass `lookupAddress(frame)`. */
  framesAt(lookupPc: bigint): readonly SourceFrame[];
  unwind(frame: FrameContext): UnwindResult;
  /** undefined if no CFI covers the frame. */
  canonicalFrameAddress(frame: FrameContext): bigint | undefined;

  // Variables and types
  /** Parameters and locals visible at the frame's pc, outermost block first; shadowed ones included. */
  variablesIn(scope: ScopeReference): readonly Variable[];
  /** By qualified name, or relative to the namespaces and classes around `scope`. */
  globalNamed(name: string, scope?: ScopeReference): Variable | undefined;
  /** Globals whose qualified name ends with `::name`: what a person may mean who leaves the namespaces out. */
  globalsEndingWith(name: string): readonly Variable[];
  /** Globals and static variables of the compilation unit around `scope`, or of the whole program. */
  globals(scope?: ScopeReference): readonly Variable[];
  /** Struct, class, union, enumeration, typedef or base type, by qualified name; complete if a definition exists anywhere. */
  typeNamed(name: string, scope?: ScopeReference): Type | undefined;
  enumeratorNamed(name: string, scope?: ScopeReference): EnumeratorReference | undefined;
}
