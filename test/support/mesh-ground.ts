import { expect } from '@jest/globals';
import type { Endpoint, Resource, Task } from '@medplum/fhirtypes';
import { Extension } from '../../profiles/canonicals.ts';
import type { Principal } from '../../src/model/principal.ts';
import { attentionId } from '../../src/store/attention.ts';
import { readResource } from '../../src/store/resources.ts';
import { uncollectedId } from '../../src/store/uncollected.ts';
import * as body from './bodies.ts';
import { AUTHORITY, filesOf } from './certificates.ts';
import { startTestEngine } from './engine.ts';
import { eventually } from './eventually.ts';
import type { FakeOptions } from './fake-recipient.ts';
import { fakeMeshRecipient, type MeshRecipient } from './fake-mesh-recipient.ts';
import { type MeshSimulator, startMeshSimulator } from './mesh-simulator.ts';
import type { KeyOfLane } from './messaging-ground.ts';
import { publisher, WORDS } from './messaging-ground.ts';
import { nhsNumbersFrom } from './nhs-numbers.ts';

const operator: Principal = { organization: 'BROKER', kind: 'operator', scopes: ['system/*.cruds'], user: null };
export const OURS = 'X26BROKER1';
export const SECRETS = { password: 'invented-password', sharedKey: 'invented-shared-key' };
export const WORKFLOW = 'INVENTED_CRISIS_PLAN';

/** Whether the loop may begin with the mailbox: settings of a broker that has one at a simulator. */
export const meshEnv = (mesh: MeshSimulator): Record<string, string> => ({
  MESH_URL: mesh.url,
  MESH_MAILBOX: OURS,
  MESH_PASSWORD: SECRETS.password,
  MESH_SHARED_KEY: SECRETS.sharedKey,
  MESH_CERT: filesOf('client').cert,
  MESH_KEY: filesOf('client').key,
  MESH_CA: AUTHORITY,
  // Looks are the test's to order.
  MESH_POLL_MS: '86400000',
});

/** Mailboxes of recipients that a simulator has. */
const MAILBOXES = 40;

/** Mailboxes `X26LANE1` and so on, and ours. */
export const startMesh = (): Promise<MeshSimulator> =>
  startMeshSimulator({
    sharedKey: SECRETS.sharedKey,
    mailboxes: {
      [OURS]: SECRETS.password,
      ...Object.fromEntries(Array.from({ length: MAILBOXES }, (_, index) => [`X26LANE${index + 1}`, `password-${index + 1}`])),
    },
  });

export interface MeshLane {
  readonly mailbox: string;
  readonly recipient: MeshRecipient;
  readonly number: string;
  approve(triggers?: string): Promise<void>;
  consent(status: 'active' | 'inactive'): Promise<void>;
  key(): Promise<KeyOfLane>;
  /** Its deliveries, oldest first. */
  deliveries(): Promise<
    readonly { readonly id: string; readonly action: string; readonly outcome: string; readonly because: string | null }[]
  >;
  /** Why the publisher was asked to look; null where it was not, or need not any more. */
  told(): Promise<string | null>;
  /** Why the publisher was asked to see to it that somebody looks into the mailbox; null where it was not, or need not any more. */
  toldOfMailbox(): Promise<string | null>;
}

/** The loop with a mailbox at a simulator, and lanes on it: a recipient without an address, and a person whose plan goes to it alone. */
export const openMeshGround = async (env: Readonly<Record<string, string>> = {}) => {
  const mesh = await startMesh();
  const engine = await startTestEngine({ ...meshEnv(mesh), ...env });
  const numbers = nhsNumbersFrom(5_000);
  let lanes = 0;
  const put = (principal: Principal, resource: Resource) =>
    engine.store.write({ principal, resource, id: resource.id ?? null, ifMatch: null });
  await put(operator, body.organization('org-trust', 'TRUST1', 'publisher'));
  for (const id of ['author', 'approver']) await put(publisher, body.practitioner(id));

  const lane = async ({
    mode,
    within,
    collects,
    ...options
  }: FakeOptions & { readonly mode?: 'sync'; readonly within?: number; readonly collects?: number } = {}): Promise<MeshLane> => {
    const name = `b${++lanes}`;
    if (lanes > MAILBOXES) throw new Error('no mailbox is left');
    const mailbox = `X26LANE${lanes}`;
    await put(operator, body.organization(`org-${name}`, `M${name.toUpperCase()}`, 'epr'));
    await put(operator, body.service(`svc-${name}`, `org-${name}`, 'epr'));
    const endpoint: Endpoint = body.endpoint(`end-${name}`, `svc-${name}`, `org-${name}`, `mesh://${mailbox}?workflow_id=${WORKFLOW}`);
    const ms = (value: number) => ({ value, unit: 'ms', system: 'http://unitsofmeasure.org', code: 'ms' });
    await put(operator, {
      ...endpoint,
      extension: [
        ...(endpoint.extension ?? []),
        ...(mode === undefined ? [] : [{ url: Extension.responseMode, valueCode: mode }]),
        ...(within === undefined ? [] : [{ url: Extension.responseWithin, valueDuration: ms(within) }]),
        ...(collects === undefined ? [] : [{ url: Extension.collectsWithin, valueDuration: ms(collects) }]),
      ],
    });
    await put(operator, { ...body.agreement('org-trust', [`svc-${name}`]), id: `con-${name}` });
    const number = numbers.next();
    await put(publisher, body.patient(`p-${name}`, number));
    const consent = async (status: 'active' | 'inactive'): Promise<void> =>
      void (await put(publisher, body.consent(`c-${name}`, `p-${name}`, 'org-trust', { kinds: ['epr'], status })));
    await consent('active');
    let versions = 0;
    const key = async (): Promise<KeyOfLane> => {
      const { rows } = await engine.database.pool.query(
        `SELECT id, CASE WHEN look_at < 'infinity' THEN (extract(epoch FROM look_at - clock_timestamp()) * 1000)::double precision END AS look_in,
                lease_until > clock_timestamp() AS leased, open_delivery IS NOT NULL AS open, state FROM ledger_key WHERE destination_id = $1`,
        [`end-${name}`],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('there is no key yet');
      return { id: row.id, lookIn: row.look_in, leased: row.leased === true, open: row.open, ...row.state };
    };
    const reasonOf = async (taskId: string): Promise<string | null> => {
      const task = (await readResource(engine.database.pool, 'Task', taskId))?.body as Task | undefined;
      return task === undefined || ['completed', 'cancelled'].includes(task.status) ? null : (task.statusReason?.text ?? '');
    };
    return {
      mailbox,
      recipient: fakeMeshRecipient(mesh, mailbox, options),
      number,
      consent,
      key,
      approve: async (triggers = WORDS.triggers) => {
        const before = versions === 0 ? {} : { replaces: `v-${name}-${versions}` };
        versions += 1;
        const id = `v-${name}-${versions}`;
        await put(publisher, body.composition(`w-${name}-${versions}`, `p-${name}`, { ...WORDS, triggers }));
        await put(publisher, body.carePlan(id, `p-${name}`, `w-${name}-${versions}`, { reach: [`svc-${name}`], ...before }));
        await engine.store.approve(publisher, id, '1', body.approval(id), body.approver);
      },
      deliveries: async () => {
        const { rows } = await engine.database.pool.query(
          'SELECT d.id, d.action, d.outcome, d.because FROM delivery d JOIN ledger_key k ON k.id = d.key_id WHERE k.destination_id = $1 ORDER BY d.serial',
          [`end-${name}`],
        );
        return rows;
      },
      told: async () => reasonOf(attentionId('TRUST1', (await key()).id)),
      toldOfMailbox: async () => reasonOf(uncollectedId('TRUST1', (await key()).id)),
    };
  };

  return {
    mesh,
    engine,
    lane,
    put,
    look: () => engine.engine.pollMailbox(),
    letters: async (): Promise<readonly { readonly message_id: string; readonly what: string; readonly sealed: string | null }[]> =>
      (await engine.database.pool.query('SELECT message_id, what, sealed FROM mailbox_letter ORDER BY came_at')).rows,
    stop: async () => {
      await engine.stop();
      await mesh.stop();
    },
  };
};

export type MeshGround = Awaited<ReturnType<typeof openMeshGround>>;

const AT_LAST = 20_000;

/** Waits until it is so, however slow the machine is. */
export const until = (isSo: () => unknown): Promise<void> => eventually(async () => void (await isSo()), AT_LAST);
export const copiesOf = async (lane: MeshLane): Promise<KeyOfLane['copies']> => (await lane.key()).copies;

/** MESH has a message for the lane, and the ledger waits for an answer. */
export const waiting = ({ mesh }: Pick<MeshGround, 'mesh'>, lane: MeshLane): Promise<void> =>
  until(async () => {
    expect(mesh.lies(lane.mailbox)).toHaveLength(1);
    expect(await copiesOf(lane)).toContainEqual(expect.objectContaining({ state: 'uncertain', answerBy: expect.any(Number) }));
    expect((await lane.key()).open).toBe(false);
  });

/** Known to be held; earlier tries of the same content may stand beside it. */
export const held = (lane: MeshLane): Promise<void> =>
  until(async () => expect((await copiesOf(lane)).filter(({ state }) => state === 'held')).toHaveLength(1));
