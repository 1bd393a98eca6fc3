import type { Device, PortDevice } from './device.ts';

/**
 * The pair of 8259A interrupt controllers of a PC: the second hangs on input 2 of the first. Datasheet: Intel
 * 231468. The edge/level control registers (ports 0x4D0, 0x4D1) choose the trigger mode per line.
 */
export const FIRST_PIC_PORT = 0x20;
export const SECOND_PIC_PORT = 0xa0;
export const EDGE_LEVEL_PORT = 0x4d0;
const CASCADE = 2;

interface Controller {
  /** Input levels, requests, requests in service, masks, level-triggered lines: one bit per input. */
  lines: number;
  request: number;
  inService: number;
  mask: number;
  levelTriggered: number;
  vectorBase: number;
  /** Input on which another controller hangs, −1 if none. */
  cascade: number;
  /** Input with the lowest priority; the next one has the highest. */
  lowestPriority: number;
  /** Initialisation word expected next, 0 if none. */
  nextInitialization: 0 | 2 | 3 | 4;
  needsFourth: boolean;
  single: boolean;
  autoEnd: boolean;
  rotateOnAutoEnd: boolean;
  specialMask: boolean;
  /** An input in service does not hold back higher ones of the controller behind it. */
  specialFullyNested: boolean;
  readInService: boolean;
  poll: boolean;
}

export interface PicPair extends Device<{ first: Controller; second: Controller }> {
  readonly firstPorts: PortDevice;
  readonly secondPorts: PortDevice;
  readonly edgeLevelPorts: PortDevice;
  /** Drives input `irq` (0…15). */
  setLine(irq: number, high: boolean): void;
  /** The CPU's acknowledge cycle: the vector of the request with the highest priority, or the spurious one. */
  acknowledge(): number;
}

/** Creates the pair as firmware leaves it: vectors 0x08 and 0x70, all lines masked but the cascade. */
export function createPicPair(setOutput: (high: boolean) => void): PicPair {
  const state = { first: createController(0x08, 0xfb, CASCADE), second: createController(0x70, 0xff, -1) };

  function update(): void {
    // The second's output drops and rises again with each acknowledge cycle: a level says all of it.
    const cascade = 1 << CASCADE;
    if (pendingInput(state.second) >= 0) state.first.request |= cascade;
    else state.first.request &= ~cascade;
    setOutput(pendingInput(state.first) >= 0);
  }

  function acknowledge(): number {
    const input = takePending(state.first);
    let vector = state.first.vectorBase + (input < 0 ? 7 : input);
    if (input === CASCADE) {
      const second = takePending(state.second);
      vector = state.second.vectorBase + (second < 0 ? 7 : second);
    }
    update();
    return vector;
  }

  function ports(which: 'first' | 'second'): PortDevice {
    return {
      readPort(offset) {
        const controller = state[which];
        if (controller.poll) {
          controller.poll = false;
          const input = takePending(controller);
          update();
          return input < 0 ? 0 : 0x80 | input;
        }
        if (offset === 1) return controller.mask;
        return controller.readInService ? controller.inService : controller.request;
      },
      writePort(offset, _size, value) {
        if (offset === 0) writeCommand(state[which], value & 0xff);
        else writeData(state[which], value & 0xff);
        update();
      },
    };
  }

  return {
    state,
    firstPorts: ports('first'),
    secondPorts: ports('second'),
    edgeLevelPorts: {
      readPort: (offset) => (offset === 0 ? state.first : state.second).levelTriggered,
      writePort(offset, _size, value) {
        // Timer, keyboard, cascade, clock and coprocessor are always edge-triggered.
        if (offset === 0) state.first.levelTriggered = value & 0xf8;
        else state.second.levelTriggered = value & 0xde;
      },
    },
    setLine(irq, high) {
      if (irq === CASCADE) return;
      setRequestLine(irq < 8 ? state.first : state.second, irq & 7, high);
      update();
    },
    acknowledge,
  };
}

function createController(vectorBase: number, mask: number, cascade: number): Controller {
  return {
    lines: 0,
    request: 0,
    inService: 0,
    mask,
    levelTriggered: 0,
    vectorBase,
    cascade,
    lowestPriority: 7,
    nextInitialization: 0,
    needsFourth: false,
    single: false,
    autoEnd: false,
    rotateOnAutoEnd: false,
    specialMask: false,
    specialFullyNested: false,
    readInService: false,
    poll: false,
  };
}

function setRequestLine(controller: Controller, input: number, high: boolean): void {
  const bit = 1 << input;
  const wasHigh = (controller.lines & bit) !== 0;
  if (high) {
    controller.lines |= bit;
    if (!wasHigh || (controller.levelTriggered & bit) !== 0) controller.request |= bit;
  } else {
    // A request that goes away before it is acknowledged is dropped (and may end as spurious).
    controller.lines &= ~bit;
    controller.request &= ~bit;
  }
}

/** The input to interrupt for now, −1 if none: unmasked and of higher priority than all in service. */
function pendingInput(controller: Controller): number {
  const candidates = controller.request & ~controller.mask;
  if (candidates === 0) return -1;
  // In special mask mode, a masked input in service does not hold back lower ones.
  const blocking = controller.specialMask ? controller.inService & ~controller.mask : controller.inService;
  for (let step = 1; step <= 8; step++) {
    const input = (controller.lowestPriority + step) & 7;
    const bit = 1 << input;
    const nests = input === controller.cascade && controller.specialFullyNested && (candidates & bit) !== 0;
    if ((blocking & bit) !== 0 && !nests) return -1;
    if ((candidates & bit) !== 0) return input;
  }
  return -1;
}

function takePending(controller: Controller): number {
  const input = pendingInput(controller);
  if (input < 0) return input;
  const bit = 1 << input;
  if ((controller.levelTriggered & bit) === 0) controller.request &= ~bit;
  if (!controller.autoEnd) controller.inService |= bit;
  else if (controller.rotateOnAutoEnd) controller.lowestPriority = input;
  return input;
}

function writeCommand(controller: Controller, value: number): void {
  if ((value & 0x10) !== 0) initialize(controller, value);
  else if ((value & 0x08) !== 0) {
    // Operation command word 3.
    if ((value & 0x40) !== 0) controller.specialMask = (value & 0x20) !== 0;
    if ((value & 0x04) !== 0) controller.poll = true;
    else if ((value & 0x02) !== 0) controller.readInService = (value & 0x01) !== 0;
  } else endOrRotate(controller, value >> 5, value & 7);
}

function initialize(controller: Controller, value: number): void {
  const { lines, levelTriggered, vectorBase, cascade } = controller;
  Object.assign(controller, createController(vectorBase, 0, cascade), {
    lines,
    levelTriggered,
    request: lines & levelTriggered,
    nextInitialization: 2,
    needsFourth: (value & 1) !== 0,
    single: (value & 2) !== 0,
  });
}

/** Operation command word 2: `operation` is its R, SL and EOI bits. */
function endOrRotate(controller: Controller, operation: number, level: number): void {
  const specific = (operation & 2) !== 0;
  const rotate = (operation & 4) !== 0;
  if ((operation & 1) !== 0) {
    const input = specific ? level : highestInService(controller);
    if (input < 0) return;
    controller.inService &= ~(1 << input);
    if (rotate) controller.lowestPriority = input;
  } else if (rotate && specific) controller.lowestPriority = level;
  else if (!specific) controller.rotateOnAutoEnd = rotate;
}

function highestInService(controller: Controller): number {
  for (let step = 1; step <= 8; step++) {
    const input = (controller.lowestPriority + step) & 7;
    const bit = 1 << input;
    const hidden = controller.specialMask && (controller.mask & bit) !== 0;
    if ((controller.inService & bit) !== 0 && !hidden) return input;
  }
  return -1;
}

function writeData(controller: Controller, value: number): void {
  switch (controller.nextInitialization) {
    case 0:
      controller.mask = value;
      return;
    case 2:
      controller.vectorBase = value & 0xf8;
      controller.nextInitialization = controller.single ? (controller.needsFourth ? 4 : 0) : 3;
      return;
    case 3:
      // The wiring of the cascade is fixed on this board.
      controller.nextInitialization = controller.needsFourth ? 4 : 0;
      return;
    case 4:
      controller.autoEnd = (value & 2) !== 0;
      controller.specialFullyNested = (value & 0x10) !== 0;
      controller.nextInitialization = 0;
  }
}
