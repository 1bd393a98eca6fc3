/** Prints what measureMemoryReuse finds, as JSON. Arguments: folder of the guest programs, bytes of RAM. */
import { measureMemoryReuse } from './memory-reuse.ts';

const [, , folder, memoryBytes] = process.argv;
console.log(JSON.stringify(measureMemoryReuse(folder, Number(memoryBytes))));
