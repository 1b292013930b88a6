// Every order in which facts can come.
process.env['WHOLE'] = '1';
await import('./fan-out.test.ts');
