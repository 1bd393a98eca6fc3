/** Variables at fixed addresses: globals, static members and the static variables of functions. Read on the first question. */
import { indexedAddress } from './attribute-forms.ts';
import { ByteReader } from './byte-reader.ts';
import { type DebugInformation, type Entry, lastAtOrBefore } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { OP } from './dwarf-operations.ts';
import { nameWithFunction } from './entry-names.ts';
import type { Type } from './symbol-api.ts';
import type { Types } from './types.ts';

export interface DataObject {
  readonly entry: Entry;
  /** `ulmm::pool`, `main::memory_server`. */
  readonly name: string;
  readonly type: Type;
  readonly address: bigint;
}

export class DataObjects {
  readonly #information: DebugInformation;
  readonly #types: Types;
  readonly #isLoaded: (address: bigint) => boolean;
  /** By address. */
  #objects: readonly DataObject[] | undefined;

  /** `isLoaded` tells real objects from those that the linker threw away, which lie at 0. */
  constructor(information: DebugInformation, types: Types, isLoaded: (address: bigint) => boolean) {
    this.#information = information;
    this.#types = types;
    this.#isLoaded = isLoaded;
  }

  /** The object that the address lies in. */
  at(address: bigint): DataObject | undefined {
    const objects = this.#all();
    const object = objects[lastAtOrBefore(objects, address, (candidate) => candidate.address)];
    if (object === undefined) return undefined;
    return address < object.address + BigInt(Math.max(object.type.size, 1)) ? object : undefined;
  }

  named(name: string): DataObject | undefined {
    return this.#all().find((object) => object.name === name);
  }

  #all(): readonly DataObject[] {
    if (this.#objects === undefined) {
      // Units that share a header repeat its inline variables.
      const found = new Map<bigint, DataObject>();
      for (const unit of this.#information.units) {
        for (const entry of this.#information.entries(unit)) {
          const object = entry.tag === TAG.variable ? this.#read(entry) : undefined;
          if (object !== undefined && !found.has(object.address)) found.set(object.address, object);
        }
      }
      this.#objects = [...found.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
    }
    return this.#objects;
  }

  #read(entry: Entry): DataObject | undefined {
    const block = entry.block(AT.location);
    const address = block && fixedAddress(entry, block);
    if (address === undefined || !this.#isLoaded(address)) return undefined;
    const name = nameWithFunction(entry);
    return name === undefined ? undefined : { entry, name, type: this.#types.typeOf(entry), address };
  }
}

/** Of an expression that is nothing but an address. */
function fixedAddress(entry: Entry, block: Uint8Array): bigint | undefined {
  const reader = new ByteReader(block);
  try {
    const operation = reader.u8();
    const address =
      operation === OP.addr
        ? reader.u64()
        : operation === OP.addrx
          ? indexedAddress(entry.unit, reader.uleb())
          : undefined;
    return reader.atEnd ? address : undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}
