/**
 * An ambulance dispatch client: on POST /lookup {nhsNumber} at its control port it looks for plan flags, reads the plans and stores them;
 * it looks for its recall Tasks every POLL_MS (300) and does them. Environment: BROKER, CLIENT_ID, CLIENT_KEY, CONTROL_PORT, STORE_FILE, POLL_MS.
 * Scopes that it needs: system/Flag.s system/CarePlan.r system/Composition.r system/Task.us
 */
import { answerRecalls } from './answer-recalls.ts';
import { askBroker, form } from './broker-client.ts';
import { at, listAt, textAt } from './json-path.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { openProgram, ready } from './program.ts';
import { readAgain } from './read-plan.ts';

const FLAG_DETAIL = 'http://hl7.org/fhir/StructureDefinition/flag-detail';
const NHS_NUMBER = 'https://fhir.nhs.uk/Id/nhs-number';

const program = openProgram();
const ask = askBroker(program);
const serially = oneAtATime();

/** Looks a person up. The number travels in a body, never in an address. */
const lookUp = async (nhsNumber: string): Promise<{ flags: number; plans: number }> => {
  const found = await ask('POST', 'Flag/_search', form({ 'patient.identifier': `${NHS_NUMBER}|${nhsNumber}` }));
  if (found.status !== 200) throw new Error(`the lookup was refused: ${found.status}`);
  const ids = listAt(found.body, 'entry').flatMap((entry) => {
    const detail = listAt(entry, 'resource', 'extension').find((extension) => textAt(extension, 'url') === FLAG_DETAIL);
    const id = /^CarePlan\/([^/]+)$/.exec(textAt(detail, 'valueReference', 'reference') ?? '')?.[1];
    return id === undefined ? [] : [id];
  });
  program.heard.push(`flags ${ids.length}`);
  let plans = 0;
  for (const id of ids) if (await readAgain(ask, program.store, id)) plans += 1;
  return { flags: ids.length, plans };
};

await ready(program, null, async (asked, body) => {
  const nhsNumber = at(body, 'nhsNumber');
  return asked === 'POST /lookup' && typeof nhsNumber === 'string' ? serially(() => lookUp(nhsNumber)) : undefined;
});
await answerRecalls(program, ask, serially, Number(process.env['POLL_MS'] ?? 300));
