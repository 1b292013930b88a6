import { isIP } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { MeshFailed, openMeshInbox } from '../../src/channel/mesh-inbox.ts';
import type { Ground } from '../store/ground.ts';
import { layGround } from '../store/ground.ts';
import { AUTHORITY_PEM } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import type { Fault } from '../support/fault-proxy.ts';
import { openSending, type Sending } from '../support/sending.ts';
import type { FaultLane, Road } from './lane.ts';
import { openLane } from './lane.ts';

/** Milliseconds. A message is held back for longer than the broker waits for an answer, and arrives while it lives. */
const SEND_TIMEOUT = 500;
const SEND_BEFORE = 1_000;
const LIFETIME = 2_000;
/** However slow the machine is, nothing takes longer. */
export const AT_LAST = 90_000;

export type AnyFault = Fault | 'dns-private' | 'dns-gone';

/** The broker at work on one road, and recipients behind proxies of their own. */
export interface FaultWorld {
  readonly ground: Ground;
  /** A recipient that has no trouble, and holds a plan. */
  readonly clean: FaultLane;
  /** Sets a recipient and a person up, and puts the broker to work for it. */
  open(name: string, secure: boolean): Promise<FaultLane>;
  /** Until every address takes what is sent: a Subscription has had its handshake. */
  listening(lanes: readonly FaultLane[]): Promise<void>;
  put(lane: FaultLane, fault: AnyFault): void;
  /** Waits until so much lies there and nothing is owed; answers what lies there. */
  rested(lane: FaultLane, holds: number): Promise<readonly string[]>;
  /** By the database's clock. */
  now(): Promise<number>;
  /** Where the broker itself failed. */
  readonly broken: readonly unknown[];
  stop(): Promise<void>;
}

export const openFaultWorld = async (road: Road): Promise<FaultWorld> => {
  const names = new Map<string, string>();
  const trusted = getCACertificates('default');
  const broken: unknown[] = [];
  const opened: FaultLane[] = [];
  const loops: Promise<void>[] = [];
  let isOver = false;
  setDefaultCACertificates([...trusted, AUTHORITY_PEM]);
  const ground = await layGround(null, 'lay', LIFETIME);
  const resolving = {
    sendTimeout: SEND_TIMEOUT,
    tls: { ca: AUTHORITY_PEM },
    resolve: async (host: string) => {
      const address = isIP(host) === 0 ? (names.get(host) ?? '') : host;
      if (address === '') throw new Error('no such name');
      return [{ address, family: 4 as const }];
    },
  };
  const sending = openSending(ground, SEND_BEFORE, resolving);
  const mailboxes: Sending[] = [];
  const roadOf = ({ mesh }: FaultLane): Sending => {
    if (mesh === null) return sending;
    const own = openSending(ground, SEND_BEFORE, { ...resolving, mesh });
    mailboxes.push(own);
    return own;
  };
  const work = async ({ service, store }: FaultLane, road: Sending): Promise<void> => {
    const inbox = road.mailbox === null ? null : openMeshInbox(road.mailbox, SEND_TIMEOUT, { name: 'Invented', version: '1' });
    while (!isOver) {
      await road.all(service).catch((error: unknown) => void broken.push(error));
      // As the broker does: that MESH does not answer is told, and it is asked again.
      if (inbox !== null)
        await store.look?.(inbox).catch((error: unknown) => {
          if (!(error instanceof MeshFailed)) broken.push(error);
        });
      await sleep(60);
    }
  };
  const foreign = (): Buffer | null => opened[0]?.proxy.lastAnswer() ?? null;
  const open = async (name: string, secure: boolean): Promise<FaultLane> => {
    names.set(`${name}.test`, '127.0.0.1');
    // A certificate names an address here.
    const lane = await openLane(ground, road, name, { secure, host: secure ? '127.0.0.1' : `${name}.test`, foreign });
    opened.push(lane);
    await lane.consent('active');
    loops.push(work(lane, roadOf(lane)));
    return lane;
  };
  const listening = (lanes: readonly FaultLane[]): Promise<void> =>
    eventually(async () => {
      for (const lane of lanes) if (!(await lane.isOpen())) await lane.store.subscribeAgain();
      const { rows } = await ground.database.pool.query(
        `SELECT FROM destination WHERE facts->>'channel' <> 'pull' AND (handshake_due OR NOT (facts->>'open')::boolean)`,
      );
      expect(rows).toEqual([]);
    }, AT_LAST);
  const clean = await open('lane0', false);
  await listening([clean]);
  await clean.approve(1, 'first words', 'one');
  await eventually(async () => {
    await clean.store.tidyUp();
    expect(clean.store.holds()).toHaveLength(1);
  }, AT_LAST);
  return {
    ground,
    clean,
    open,
    listening,
    put: (lane, fault) => {
      names.set(`${lane.name}.test`, fault === 'dns-private' ? '10.1.2.3' : fault === 'dns-gone' ? '' : '127.0.0.1');
      // Also where names change: connections that are kept would never ask again.
      lane.proxy.set(fault === 'dns-private' || fault === 'dns-gone' ? 'none' : fault);
    },
    rested: async (lane, holds) => {
      await eventually(async () => {
        if (!(await lane.isOpen())) await lane.store.subscribeAgain();
        await lane.store.tidyUp();
        expect(lane.store.holds()).toHaveLength(holds);
        expect(await lane.isAtRest()).toBe(true);
      }, AT_LAST);
      return lane.store.holds();
    },
    now: async () => {
      const { rows } = await ground.database.pool.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
      return Number(rows[0]?.now);
    },
    broken,
    stop: async () => {
      isOver = true;
      await Promise.all(loops);
      for (const lane of opened) await lane.stop();
      for (const each of [sending, ...mailboxes]) await each.close();
      await ground.close();
      setDefaultCACertificates(trusted);
    },
  };
};
