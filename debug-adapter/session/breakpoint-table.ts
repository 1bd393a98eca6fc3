/** The user's breakpoints of every kind, and the addresses they stand for in the session's programs. */
import type { BreakpointLocation } from '../symbols/symbol-api.ts';
import type { Program } from '../target/program.ts';
import type { Target } from '../target/target.ts';

export type BreakpointRequest =
  | { readonly kind: 'source'; readonly editorPath: string; readonly line: number; readonly column?: number }
  | { readonly kind: 'function'; readonly name: string }
  /** `root` undefined: in every address space. */
  | { readonly kind: 'instruction'; readonly address: bigint; readonly root: number | undefined };

/** When a breakpoint that was reached really stops; DAP's texts. */
export interface BreakpointConditions {
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
}

export interface BoundPlace {
  readonly address: bigint;
  /** Undefined for an instruction breakpoint: the code there, whatever it is. */
  readonly program: Program | undefined;
  readonly location: BreakpointLocation | undefined;
}

export interface Breakpoint {
  readonly id: number;
  readonly request: BreakpointRequest;
  readonly conditions: BreakpointConditions;
  places: readonly BoundPlace[];
  /** Why it has no place. */
  problem: string | undefined;
  hits: number;
}

export class BreakpointTable {
  /** By what one DAP request replaces: a source's path, or `function` or `instruction`. */
  readonly #groups = new Map<string, readonly Breakpoint[]>();
  #nextId = 1;

  create(request: BreakpointRequest, conditions: BreakpointConditions): Breakpoint {
    return { id: this.#nextId++, request, conditions, places: [], problem: undefined, hits: 0 };
  }

  replaceGroup(group: string, breakpoints: readonly Breakpoint[]): void {
    this.#groups.set(group, breakpoints);
  }

  all(): Breakpoint[] {
    return [...this.#groups.values()].flat();
  }

  addresses(): bigint[] {
    return this.all().flatMap((breakpoint) => breakpoint.places.map((place) => place.address));
  }

  /** Breakpoints whose place the machine is at: the same address in another program's address space is none. */
  at(address: bigint, target: Target): Breakpoint[] {
    const candidates = this.all().filter((breakpoint) =>
      breakpoint.places.some((place) => place.address === address),
    );
    if (candidates.length === 0) return [];
    const root = target.activeRoot();
    const program = target.programAt(address, root);
    return candidates.filter(({ request, places }) => {
      if (request.kind === 'instruction') return request.root === undefined || request.root === root;
      return places.some((place) => place.address === address && place.program === program);
    });
  }
}
