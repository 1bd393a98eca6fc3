/** PMOVSX, PMOVZX: the low lanes of the source made wider. */
import type { Cpu } from '../cpu.ts';
import { row, type VectorOperation, widening } from './operands.ts';

/** Result before it is written: destination and source may be the same. */
const lanes = new Int32Array(4);

function write(cpu: Cpu, destination: number): void {
  for (let word = 0; word < 4; word++) cpu.i32[destination + word] = lanes[word];
}

type Read = (cpu: Cpu, source: number, lane: number) => number;

const signedByte: Read = (cpu, source, lane) => (cpu.u8[4 * source + lane] << 24) >> 24;
const unsignedByte: Read = (cpu, source, lane) => cpu.u8[4 * source + lane];
const signedWord: Read = (cpu, source, lane) => (cpu.u16[2 * source + lane] << 16) >> 16;
const unsignedWord: Read = (cpu, source, lane) => cpu.u16[2 * source + lane];
const doubleword: Read = (cpu, source, lane) => cpu.i32[source + lane];

const toWords =
  (read: Read): VectorOperation =>
  (cpu, destination, source) => {
    for (let lane = 0; lane < 4; lane++) {
      lanes[lane] = (read(cpu, source, 2 * lane) & 0xffff) | (read(cpu, source, 2 * lane + 1) << 16);
    }
    write(cpu, destination);
  };

const toDoublewords =
  (read: Read): VectorOperation =>
  (cpu, destination, source) => {
    for (let lane = 0; lane < 4; lane++) lanes[lane] = read(cpu, source, lane);
    write(cpu, destination);
  };

const toQuadwords =
  (read: Read, signed: boolean): VectorOperation =>
  (cpu, destination, source) => {
    for (let lane = 0; lane < 2; lane++) {
      const value = read(cpu, source, lane);
      lanes[2 * lane] = value;
      lanes[2 * lane + 1] = signed ? value >> 31 : 0;
    }
    write(cpu, destination);
  };

const extension = (opcode: number, bytes: 8 | 4 | 2, operation: VectorOperation) =>
  row(opcode, 0x66, widening(bytes, operation), { feature: 'sse4.1' });

export const SSE_EXTEND_OPCODES = [
  extension(0x3820, 8, toWords(signedByte)),
  extension(0x3821, 4, toDoublewords(signedByte)),
  extension(0x3822, 2, toQuadwords(signedByte, true)),
  extension(0x3823, 8, toDoublewords(signedWord)),
  extension(0x3824, 4, toQuadwords(signedWord, true)),
  extension(0x3825, 8, toQuadwords(doubleword, true)),
  extension(0x3830, 8, toWords(unsignedByte)),
  extension(0x3831, 4, toDoublewords(unsignedByte)),
  extension(0x3832, 2, toQuadwords(unsignedByte, false)),
  extension(0x3833, 8, toDoublewords(unsignedWord)),
  extension(0x3834, 4, toQuadwords(unsignedWord, false)),
  extension(0x3835, 8, toQuadwords(doubleword, false)),
];
