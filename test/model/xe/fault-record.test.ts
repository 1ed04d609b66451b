// X01, X14: the fault message, its reply and the printed form.
import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/base/rng.ts';
import { printFault } from '../../../src/model/xe/fault-print.ts';
import {
  blankFault,
  decodeFault,
  decodeReply,
  encodeFault,
  encodeReply,
  type FaultRecord,
  NACK_LEVEL,
} from '../../../src/model/xe/fault-record.ts';

function randomFault(rng: ReturnType<typeof createRng>): FaultRecord {
  return {
    level: rng.below(8),
    sourceId: rng.below(256),
    trva: false,
    engineInstance: rng.below(64),
    engineClass: rng.below(8),
    pdata: rng.below(65_536),
    asid: rng.below(2 ** 20),
    access: rng.below(4),
    faultType: rng.below(4),
    vfid: rng.below(64),
    vpn: rng.below(2 ** 20) + rng.below(2 ** 25) * 2 ** 20,
  };
}

describe('X01 fault record codec', () => {
  it('decodes what it encoded, for 10,000 random records, and replies with the same identity', () => {
    const rng = createRng(1);
    const words = new Uint32Array(6);
    const decoded = blankFault();
    for (let i = 0; i < 10_000; i++) {
      const record = randomFault(rng);
      encodeFault(record, words, 2);
      expect(decodeFault(words, 2, 4, decoded)).toBe(0);
      expect(decoded).toEqual(record);
      const failed = rng.below(2) === 1;
      encodeReply(record, failed, words);
      const { asid, vfid, engineInstance, engineClass, pdata } = record;
      expect(decodeReply(words)).toEqual({ failed, asid, vfid, engineInstance, engineClass, pdata });
    }
  });

  it('puts each field at its bits', () => {
    const words = new Uint32Array(4);
    encodeFault({ ...blankFault(), level: 5, engineInstance: 3, engineClass: 3, pdata: 0xabcd, asid: 0x12345 }, words);
    expect([...words.subarray(0, 2)]).toEqual([0xd618_0005, 0x1234_5abc]);
    encodeFault({ ...blankFault(), access: 2, faultType: 1, vfid: 0x21, vpn: 0x1f_ffff_f345 }, words);
    expect([...words.subarray(2)]).toEqual([0xff345216, 0x1ffff]);
  });

  it('control: 4 dwords are a message, 3 and 5 are EPROTO, and so are words that are not there', () => {
    const words = new Uint32Array(8);
    expect(decodeFault(words, 0, 4, blankFault())).toBe(0);
    expect(decodeFault(words, 0, 3, blankFault())).toBe('EPROTO');
    expect(decodeFault(words, 0, 5, blankFault())).toBe('EPROTO');
    expect(decodeFault(words, 5, 4, blankFault())).toBe('EPROTO');
  });

  it('turns a TRVA fault into one that software refuses', () => {
    const words = new Uint32Array(4);
    encodeFault({ ...blankFault(), trva: true, level: 2 }, words);
    const record = blankFault();
    decodeFault(words, 0, 4, record);
    expect(record.level).toBe(NACK_LEVEL);
  });

  it('sets the bit named "success" on failure, and knows a foreign reply', () => {
    const words = new Uint32Array(2);
    encodeReply(blankFault(), true, words);
    expect(words[0]).toBe(0b0100_0000_0011);
    encodeReply(blankFault(), false, words);
    expect(words[0]).toBe(0b0100_0000_0001);
    expect(decodeReply(new Uint32Array([1, 0]))).toBeNull();
  });
});

describe('X14 failure printer', () => {
  it('prints the message of V70', () => {
    const record = { ...blankFault(), asid: 9, vpn: 0x7f00_0034_5, faultType: 1, access: 1, level: 1, engineClass: 3 };
    const text = printFault(record, 'EPERM');
    expect(text).toBe(
      '\n\tASID: 9\n\tFaulted Address: 0x00007f0000345000\n\tFaultType: 1\n\tAccessType: 1\n\tFaultLevel: 1\n' +
        '\tEngineClass: 3 bcs\n\tEngineInstance: 0\nFault response: Unsuccessful EPERM',
    );
  });
});
