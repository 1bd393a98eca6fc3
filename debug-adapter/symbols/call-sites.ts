/** What arguments a function was called with, from the caller's call sites (DWARF 5 §3.4, GNU extension in DWARF 4). */
import type { Entry } from './debug-information.ts';
import { AT, TAG } from './dwarf-constants.ts';
import { linkageName, qualifiedName } from './entry-names.ts';
import { registerNamedBy } from './location-expression.ts';

/** The call in `caller` that returns to `returnAddress`. */
export function callSiteReturningTo(caller: Entry, returnAddress: bigint): Entry | undefined {
  for (const child of caller.children) {
    if (child.tag === TAG.call_site && child.bigint(AT.call_return_pc) === returnAddress) return child;
    if (child.tag === TAG.GNU_call_site && child.bigint(AT.low_pc) === returnAddress) return child;
    if (child.tag === TAG.lexical_block || child.tag === TAG.inlined_subroutine) {
      const found = callSiteReturningTo(child, returnAddress);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** False if another function was called there, which reached `callee` by a tail call: its registers are no longer the call's. */
export function callsFunction(site: Entry, callee: Entry): boolean {
  const target = site.reference(AT.call_origin) ?? site.reference(AT.abstract_origin);
  if (target === undefined) return false;
  const ours = new Set(callee.withOrigins());
  for (const origin of target.withOrigins()) if (ours.has(origin)) return true;
  // A declaration in the caller's unit and the definition in another are different entries.
  const name = linkageName(target) ?? qualifiedName(target);
  return name !== undefined && name === (linkageName(callee) ?? qualifiedName(callee));
}

/** The expression, in the caller's frame, for what the callee found in the place that `location` describes. */
export function argumentExpression(site: Entry, location: Uint8Array): Uint8Array | undefined {
  for (const child of site.children) {
    if (child.tag !== TAG.call_site_parameter && child.tag !== TAG.GNU_call_site_parameter) continue;
    const place = child.block(AT.location);
    if (place !== undefined && samePlace(place, location)) {
      return child.block(AT.call_value) ?? child.block(AT.GNU_call_site_value);
    }
  }
  return undefined;
}

/** The callee may name the register with a type where the caller names it alone. */
function samePlace(a: Uint8Array, b: Uint8Array): boolean {
  const register = registerNamedBy(a)?.register;
  return register !== undefined ? register === registerNamedBy(b)?.register : sameBytes(a, b);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
