// Twenty thousand mutated tokens and assertions.
process.env['WHOLE'] = '1';
await import('./fuzz.test.ts');
